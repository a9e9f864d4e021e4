//! One request in the making.

use super::Answer;
use doorward::SiteHandle;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Map, Value};

/// A request. Without another body it sends JSON, or nothing where no field was given.
pub(crate) struct Call {
    request: RequestBuilder,
    reads: bool,
    fields: Map<String, Value>,
    is_raw: bool,
}

impl Call {
    pub(super) fn new(http: &Client, method: Method, url: String) -> Self {
        let reads = method == Method::GET || method == Method::HEAD;
        Self { request: http.request(method, url), reads, fields: Map::new(), is_raw: false }
    }

    /// Names the site as the SDK does: in the query when reading, otherwise in the body.
    pub(crate) fn site(self, site: &SiteHandle) -> Self {
        let id = site.id().0;
        if self.reads {
            self.query("site_id", &id.to_string())
        } else {
            self.fields(serde_json::json!({"site_id": id}))
        }
    }

    pub(crate) fn query(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.query(&[(name, value)]);
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header(AUTHORIZATION.as_str(), &format!("Bearer {token}"))
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// Comes from this address, as a proxy would say.
    pub(crate) fn address(self, address: &str) -> Self {
        self.header("x-forwarded-for", address)
    }

    /// Adds fields to the JSON body.
    pub(crate) fn fields(mut self, fields: Value) -> Self {
        let Value::Object(fields) = fields else { panic!("fields are an object") };
        self.fields.extend(fields);
        self
    }

    /// Sends a form.
    pub(crate) fn form(mut self, pairs: &[(&str, &str)]) -> Self {
        self.request = self.request.form(pairs);
        self.is_raw = true;
        self
    }

    /// Sends these bytes.
    pub(crate) fn raw(mut self, content_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.request = self.request.header(CONTENT_TYPE, content_type).body(bytes.into());
        self.is_raw = true;
        self
    }

    pub(crate) async fn send(self) -> Answer {
        assert!(!self.is_raw || self.fields.is_empty(), "either a raw body or fields");
        let request = if self.fields.is_empty() { self.request } else { self.request.json(&self.fields) };
        Answer::of(request.send().await.unwrap()).await
    }
}
