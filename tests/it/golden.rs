//! Golden answers: whole, with what is drawn at random masked. `UPDATE_GOLDEN=1` writes them anew; read the difference before it is kept.

use crate::server::Answer;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;

/// Values that differ from run to run.
const DRAWN: [&str; 6] = ["auth_token", "token", "kid", "x", "y", "request_id"];

/// Compares an answer with `tests/golden/<name>`.
#[track_caller]
pub(crate) fn golden(name: &str, answer: &Answer) {
    let mut text = format!("{}\n", answer.status);
    for (header, value) in &answer.headers {
        writeln!(text, "{header}: {value}").unwrap();
    }
    if !answer.text.is_empty() {
        let mut body = answer.json();
        mask(&mut body);
        writeln!(text, "\n{}", serde_json::to_string_pretty(&body).unwrap()).unwrap();
    }
    same_as_file(&Path::new("tests/golden").join(name), &text);
}

/// Compares a text with a file of the repository.
#[track_caller]
#[expect(
    clippy::disallowed_methods,
    reason = "whether to write golden files anew is asked of the developer's environment"
)]
pub(crate) fn same_as_file(file: &Path, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, kept, "{} differs; UPDATE_GOLDEN=1 writes it anew", file.display());
}

fn mask(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let is_drawn =
                    DRAWN.contains(&key.as_str()) || (key == "id" && value.as_u64().is_none_or(|id| id > 1_000));
                if is_drawn && !value.is_null() { *value = Value::from(format!("<{key}>")) } else { mask(value) }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(mask),
        _ => {}
    }
}
