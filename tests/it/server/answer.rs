//! One answer, and what a test may ask of it.

use reqwest::Response;
use serde_json::Value;

/// Headers that differ from answer to answer whatever was asked.
const VARYING: [&str; 3] = ["date", "x-request-id", "content-length"];

/// A whole answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In alphabetical order, without those that differ from answer to answer.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) text: String,
}

impl Answer {
    pub(super) async fn of(response: Response) -> Self {
        let status = response.status().as_u16();
        let pairs =
            response.headers().iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        let mut headers: Vec<_> = pairs.filter(|(name, _)| !VARYING.contains(&name.as_str())).collect();
        headers.sort();
        Self { status, headers, text: response.text().await.unwrap() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text))
    }

    /// The resource of a success.
    pub(crate) fn data(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json().get_mut("data").unwrap().take()
    }

    /// The token of a success: under both of its names.
    pub(crate) fn token(&self) -> String {
        let data = self.data();
        assert_eq!(data["auth_token"], data["token"]);
        data["auth_token"].as_str().unwrap().to_owned()
    }

    pub(crate) fn is_empty_204(&self) {
        assert_eq!((self.status, self.text.as_str()), (204, ""));
    }

    /// The machine code of a refusal, wherever its shape has it.
    pub(crate) fn code(&self) -> String {
        let json = self.json();
        let code = json.pointer("/error/code").or_else(|| json.get("code"));
        code.and_then(Value::as_str).unwrap_or_else(|| panic!("no code: {}", self.text)).to_owned()
    }

    /// Asserts a refusal.
    pub(crate) fn refused(&self, status: u16, code: &str) -> &Self {
        assert_eq!((self.status, self.code().as_str()), (status, code), "{}", self.text);
        self
    }

    /// Asserts that a refusal names this field, in the shape of validation.
    pub(crate) fn names(&self, field: &str) -> &Self {
        let json = self.json();
        let messages = json.pointer(&format!("/errors/{field}")).and_then(Value::as_array);
        assert!(messages.is_some_and(|all| all.iter().all(Value::is_string) && !all.is_empty()), "{}", self.text);
        self
    }
}
