//! The demo account and its two sites: made once, found again at each later start, and left as they were changed in between.

use anyhow::{Context, Result};
use serde::Serialize;

use crate::{AccountHandle, Doorward};
use doorward_domain::account::Settings;
use doorward_domain::account::settings::Switch;
use doorward_domain::account::site::{Host, SiteProfile};
use doorward_domain::text::Name;

const ACCOUNT: &str = "Demo";
/// Name, host, and whether a login ends the other sessions.
const SITES: [(&str, &str, Switch); 2] =
    [("News", "news.localhost", Switch::On), ("Shop", "shop.localhost", Switch::Off)];

/// What was made or found.
#[derive(Debug, Serialize)]
pub(super) struct Demo {
    pub(super) account_id: u64,
    pub(super) sites: Vec<DemoSite>,
}

/// A site of it.
#[derive(Debug, Serialize)]
pub(super) struct DemoSite {
    pub(super) id: u32,
    pub(super) host: String,
    pub(super) single_user_authentication: bool,
}

/// Makes what is missing.
pub(super) async fn provision(doorward: &Doorward) -> Result<Demo> {
    let is_ours =
        |account: &AccountHandle| account.view().root().name.as_ref().is_some_and(|name| name.as_str() == ACCOUNT);
    let account = match doorward.accounts().into_iter().find(is_ours) {
        Some(account) => account,
        None => doorward.create_account(Name::parse(ACCOUNT)?).await.context("cannot make the demo account")?,
    };
    let mut sites = Vec::new();
    for (name, host, single_user_authentication) in SITES {
        sites.push(site(&account, (name, host), single_user_authentication).await.context("cannot make a demo site")?);
    }
    Ok(Demo { account_id: account.id().0, sites })
}

async fn site(account: &AccountHandle, (name, host): (&str, &str), rule: Switch) -> Result<DemoSite> {
    if let Some(found) = account.view().sites().find(|site| site.profile.host.as_str() == host) {
        let single_user_authentication = found.settings.single_user_authentication.is_on();
        return Ok(DemoSite { id: found.id.0, host: host.to_owned(), single_user_authentication });
    }
    let profile = SiteProfile { name: Name::parse(name)?, host: Host::parse(host)?, origins: Vec::new() };
    let settings = Settings { single_user_authentication: rule, ..Settings::default() };
    let id = account.create_site(profile, settings).await?.id().0;
    Ok(DemoSite { id, host: host.to_owned(), single_user_authentication: rule.is_on() })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::provision;
    use crate::Doorward;
    use doorward_domain::account::Settings;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_demo_is_made_once_and_left_as_it_was_changed() {
        let doorward = Doorward::builder().in_memory().open().await.unwrap();
        let first = serde_json::to_value(provision(&doorward).await.unwrap()).unwrap();
        let wanted = serde_json::json!({"account_id": 1, "sites": [
            {"id": 1, "host": "news.localhost", "single_user_authentication": true},
            {"id": 2, "host": "shop.localhost", "single_user_authentication": false},
        ]});
        assert_eq!(first, wanted);
        let news = doorward.account(doorward.accounts().first().unwrap().id()).unwrap().sites().remove(0);
        news.update(None, Some(Settings::default())).await.unwrap();
        let second = provision(&doorward).await.unwrap();
        assert_eq!(doorward.accounts().len(), 1);
        assert_eq!(
            second.sites.iter().map(|site| (site.id, site.single_user_authentication)).collect::<Vec<_>>(),
            [(1, false), (2, false)]
        );
        doorward.stop().await.unwrap();
    }
}
