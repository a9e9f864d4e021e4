//! docs/sessions.md against what is compiled: every setting, limit and default of a session, in the document's own rows.

use std::ops::RangeInclusive;

use doorward_domain::account::Settings;
use doorward_domain::account::settings::Switch;
use doorward_domain::limits;
use doorward_domain::time::MINUTE_MS;

use super::source::{Finding, Source, assert_none};

/// The rows that the document must hold, letter by letter.
fn rows(settings: &Settings) -> Vec<String> {
    let Settings {
        single_user_authentication,
        auth_token_ttl_days,
        idle_days,
        auth_token_in_body,
        own_sessions_only,
        password: _,
        lock_out,
    } = settings;
    vec![
        number("auth_token_ttl_days", (*auth_token_ttl_days).into(), &wide(&limits::TTL_DAYS_RANGE)),
        number("idle_days", (*idle_days).into(), &wide(&limits::TTL_DAYS_RANGE)),
        switch("single_user_authentication", *single_user_authentication),
        switch("own_sessions_only", *own_sessions_only),
        switch("auth_token_in_body", *auth_token_in_body),
        number("lock_out.failures_max", lock_out.failures_max.into(), &wide(&limits::LOCK_OUT_FAILURES_RANGE)),
        number("lock_out.window_secs", lock_out.window_secs, &limits::LOCK_OUT_WINDOW_SECS_RANGE),
        format!("another is opened | {} |", limits::LIVE_SESSIONS_MAX),
        format!("refused with the reason | {} |", limits::ENDED_SESSIONS_MAX),
        format!("the newest and those before it | {} |", limits::TOKENS_PER_SESSION_MAX),
        format!("instead of replacing it | {} |", limits::TOKEN_ECHO_MS / MINUTE_MS),
        format!("before nothing is issued | {} |", limits::CLOCK_BEHIND_MAX_MS / MINUTE_MS),
    ]
}

fn number(name: &str, default: u32, range: &RangeInclusive<u32>) -> String {
    format!("| `{name}` | {default} | {} to {} |", range.start(), range.end())
}

fn switch(name: &str, default: Switch) -> String {
    format!("| `{name}` | {} | on, off |", if default.is_on() { "on" } else { "off" })
}

fn wide(range: &RangeInclusive<u16>) -> RangeInclusive<u32> {
    (*range.start()).into()..=(*range.end()).into()
}

fn states(document: &Source, rows: &[String]) -> Vec<Finding> {
    let missing = rows.iter().filter(|row| !document.lines().any(|(_, line)| line.ends_with(row.as_str())));
    missing.map(|row| document.finding(1, format!("no row ends with `{row}`"))).collect()
}

#[test]
fn the_written_time_outs_and_limits_are_the_compiled_ones() {
    assert_none(&states(&Source::read("docs/sessions.md"), &rows(&Settings::default())));
}

#[test]
fn a_planted_change_of_a_default_is_found() {
    let document = Source::read("docs/sessions.md");
    let changed = [
        Settings { auth_token_ttl_days: 31, ..Settings::default() },
        Settings { idle_days: 15, ..Settings::default() },
        Settings { own_sessions_only: Switch::On, ..Settings::default() },
    ];
    for settings in changed {
        assert_eq!(states(&document, &rows(&settings)).len(), 1);
    }
}
