//! What a client is told when the answer is no: three published shapes, one type, one place that renders them.
//!
//! Each error has a stable machine `code` beside its message. Nothing of the inside ever reaches a body: a fault is logged here
//! and answered by a number to quote.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::error::Error;

use http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use warp::reject::Rejection;
use warp::reply::Response;

use super::cors::Cors;
use super::reply::Reply;
use crate::flows::Unavailable;

/// What a handler returns.
pub type Outcome = Result<Reply, ApiError>;

/// Messages by field, in order.
pub type FieldErrors = BTreeMap<String, Vec<String>>;

/// The key under which a route that promises an `errors` object puts what concerns no field.
const NO_FIELD: &str = "request";

/// An error answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError(Box<Parts>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
    shape: Shape,
    fields: FieldErrors,
    retry_after_secs: Option<u32>,
    allow: Option<HeaderValue>,
    report_id: Option<String>,
}

/// The published shape of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// `{"error":{"status","message","code"}}`: authentication, business, faults.
    Business,
    /// `{"errors":{field:[…]},"code","message"}`: validation.
    Validation,
    /// `{"message","code"}`: the protocol itself.
    Protocol,
}

impl ApiError {
    /// An authentication or business refusal in the first shape.
    #[must_use]
    pub fn refused(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(status, code, message.into(), Shape::Business)
    }

    /// A fault of the request itself in the third shape.
    #[must_use]
    pub fn protocol(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(status, code, message.into(), Shape::Protocol)
    }

    /// A validation failure: 400 in the second shape; its message is the first one of the first field.
    #[must_use]
    pub fn validation(fields: FieldErrors) -> Self {
        let first = fields.values().flatten().next().cloned();
        let message = first.map_or(Cow::Borrowed("The given data was invalid."), Cow::Owned);
        let mut error = Self::new(StatusCode::BAD_REQUEST, "validation_failed", message, Shape::Validation);
        error.0.fields = fields;
        error
    }

    /// The same answer under a code of its own, for what a program may want to tell apart.
    #[must_use]
    pub fn coded(mut self, code: &'static str) -> Self {
        self.0.code = code;
        self
    }

    /// A validation failure of one field.
    #[must_use]
    pub fn invalid_field(field: &str, message: impl Into<String>) -> Self {
        Self::validation(FieldErrors::from([(field.to_owned(), vec![message.into()])]))
    }

    /// 401: no token in header or body.
    #[must_use]
    pub fn token_missing() -> Self {
        Self::refused(StatusCode::UNAUTHORIZED, "token_missing", "Token not provided")
    }

    /// 401: a token that is unknown, expired, tampered with or not one at all.
    #[must_use]
    pub fn token_invalid() -> Self {
        Self::refused(StatusCode::UNAUTHORIZED, "token_invalid", "Invalid or expired token")
    }

    /// 429 in the first shape.
    #[must_use]
    pub fn too_many(code: &'static str, message: impl Into<Cow<'static, str>>, retry_after_secs: u32) -> Self {
        Self::refused(StatusCode::TOO_MANY_REQUESTS, code, message).retry_after(retry_after_secs)
    }

    /// 503 before any work: the server has as much in hand as it may have.
    #[must_use]
    pub fn overloaded() -> Self {
        Self::refused(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "Too much work in hand, please try again.")
            .retry_after(1)
    }

    /// 503: the engine cannot do it now, through no fault of the request. A fault of ours, which is logged where it happened, is 500.
    ///
    /// `Retry-After` only where nothing was changed: clients obey it blindly, and what may have happened must not happen twice.
    #[must_use]
    pub fn unavailable(unavailable: Unavailable) -> Self {
        let refused = |code, message| Self::refused(StatusCode::SERVICE_UNAVAILABLE, code, message);
        match unavailable {
            Unavailable::Overloaded => Self::overloaded(),
            Unavailable::NotAttempted => {
                refused("not_attempted", "Nothing was changed, please try again later.").retry_after(30)
            }
            Unavailable::OutcomeUnknown => refused("outcome_unknown", "It is not known whether the change was made."),
            Unavailable::ClockAhead => {
                refused("clock_ahead", "Nothing was changed: the server's clock is being set right.").retry_after(30)
            }
            Unavailable::ClockBehind => {
                refused("clock_behind", "Nothing was changed: the server's clock is being set right.").retry_after(30)
            }
            Unavailable::Fault => Self::internal(),
        }
    }

    /// 500: a fault of ours. It is logged here, with all its causes; the client gets the request's id to quote.
    #[must_use]
    pub fn fault(error: &(dyn Error + 'static)) -> Self {
        let causes: Vec<String> =
            std::iter::successors(error.source(), |cause| (*cause).source()).map(ToString::to_string).collect();
        tracing::error!(%error, ?causes, "a request failed");
        Self::internal()
    }

    /// 500 for what has been logged already.
    pub(super) fn internal() -> Self {
        Self::refused(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side.")
    }

    /// 404: no such path.
    pub(super) fn no_route() -> Self {
        Self::protocol(StatusCode::NOT_FOUND, "route_not_found", "There is nothing at this path.")
    }

    /// 405 with the methods that the path knows.
    pub(super) fn method_not_allowed(allow: HeaderValue) -> Self {
        let mut error =
            Self::protocol(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "This path does not know the method.");
        error.0.allow = Some(allow);
        error
    }

    /// 400: the message head or its framing.
    pub(super) fn malformed_request() -> Self {
        Self::protocol(StatusCode::BAD_REQUEST, "request_malformed", "The request is malformed.")
    }

    /// 400: path or query do not decode.
    pub(super) fn malformed_url() -> Self {
        Self::protocol(StatusCode::BAD_REQUEST, "url_malformed", "The URL is malformed.")
    }

    /// 414.
    pub(super) fn url_too_long() -> Self {
        Self::protocol(StatusCode::URI_TOO_LONG, "url_too_long", "The URL is too long.")
    }

    /// 413.
    pub(super) fn body_too_large() -> Self {
        Self::protocol(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "The body is too large.")
    }

    /// 408.
    pub(super) fn body_too_slow() -> Self {
        Self::protocol(StatusCode::REQUEST_TIMEOUT, "body_timeout", "The body did not arrive in time.")
    }

    /// 415.
    pub(super) fn unsupported_media() -> Self {
        Self::protocol(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "media_type_unsupported",
            "Send JSON or a URL-encoded form, uncompressed, in UTF-8.",
        )
    }

    /// Adds `Retry-After`.
    #[must_use]
    pub fn retry_after(mut self, secs: u32) -> Self {
        self.0.retry_after_secs = Some(secs);
        self
    }

    /// The machine code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The id under which a fault is found in the log; shown for every 5xx.
    pub(super) fn reported_as(mut self, report_id: &str) -> Self {
        if self.0.status.is_server_error() {
            self.0.report_id = Some(report_id.to_owned());
        }
        self
    }

    /// For routes whose clients read `errors` without asking whether it is there: every refusal gets one.
    pub(super) fn with_errors_object(mut self) -> Self {
        if self.0.fields.is_empty() {
            let message = self.0.message.clone().into_owned();
            self.0.fields.insert(NO_FIELD.to_owned(), vec![message]);
        }
        self
    }

    /// The answer with everything but what depends on the request (CORS, request id).
    #[must_use]
    pub fn into_response(self) -> Response {
        Reply::from(self).into_response()
    }

    fn new(status: StatusCode, code: &'static str, message: Cow<'static, str>, shape: Shape) -> Self {
        let fields = FieldErrors::new();
        let (retry_after_secs, allow, report_id) = (None, None, None);
        Self(Box::new(Parts { status, code, message, shape, fields, retry_after_secs, allow, report_id }))
    }

    fn body(&self) -> Body<'_> {
        let Parts { status, code, message, shape, fields, report_id, .. } = &*self.0;
        let errors = if fields.is_empty() && *shape != Shape::Validation { None } else { Some(fields) };
        match shape {
            Shape::Business => {
                let inner = Inner { status: status.as_u16(), message, code, report_id: report_id.as_deref() };
                Body { error: Some(inner), errors, code: None, message: None }
            }
            Shape::Validation | Shape::Protocol => {
                Body { error: None, errors, code: Some(code), message: Some(message) }
            }
        }
    }
}

impl From<ApiError> for Reply {
    fn from(error: ApiError) -> Self {
        // Strings and numbers only: serialising them cannot fail.
        let body = serde_json::to_vec(&error.body()).unwrap_or_default();
        let Parts { status, retry_after_secs, allow, .. } = *error.0;
        let mut reply = Self::of_json(status, body.into());
        if status == StatusCode::UNAUTHORIZED {
            reply = reply.with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(secs) = retry_after_secs {
            reply = reply.with_header(RETRY_AFTER, HeaderValue::from(secs));
        }
        if let Some(allow) = allow {
            reply = reply.with_header(ALLOW, allow);
        }
        reply
    }
}

/// A refusal, in one of the three published shapes: `error` for authentication and business, `errors` for fields, the two members
/// at the top alone for the protocol itself. A machine reads `code`, wherever it stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Error)]
pub(super) struct Body<'a> {
    #[schema(inline)]
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Inner<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Messages by field.
    #[schema(value_type = Option<BTreeMap<String, Vec<String>>>)]
    errors: Option<&'a FieldErrors>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

#[derive(Serialize, ToSchema)]
struct Inner<'a> {
    /// The status of the answer again.
    status: u16,
    message: &'a str,
    code: &'a str,
    /// What to quote when asking the operator; with a 5xx only.
    #[serde(skip_serializing_if = "Option::is_none")]
    report_id: Option<&'a str>,
}

/// The one mapping of warp's rejections. The table answers everything itself, so that only a bug of ours can reject.
pub(super) async fn from_rejection(rejection: Rejection) -> Result<Response, Infallible> {
    let error = if rejection.is_not_found() {
        ApiError::no_route()
    } else if rejection.find::<warp::reject::MethodNotAllowed>().is_some() {
        ApiError::method_not_allowed(HeaderValue::from_static("GET"))
    } else if rejection.find::<warp::reject::PayloadTooLarge>().is_some() {
        ApiError::body_too_large()
    } else if rejection.find::<warp::reject::UnsupportedMediaType>().is_some() {
        ApiError::unsupported_media()
    } else if rejection.find::<warp::reject::InvalidQuery>().is_some() {
        ApiError::malformed_url()
    } else {
        tracing::error!(?rejection, "a filter rejected a request");
        ApiError::internal()
    };
    Ok(error.into_response())
}

/// `Allow` for a path that knows these methods.
pub(super) fn allow<'a>(methods: impl Iterator<Item = &'a Method>, cors: Cors) -> HeaderValue {
    let mut names: Vec<&str> = Vec::new();
    for method in methods {
        names.push(method.as_str());
        if *method == Method::GET {
            names.push("HEAD");
        }
    }
    if cors == Cors::Sites {
        names.push("OPTIONS");
    }
    HeaderValue::from_str(&names.join(", ")).unwrap_or(HeaderValue::from_static("GET"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use http::StatusCode;

    use super::{ApiError, FieldErrors, Unavailable};

    fn check(error: &ApiError, body: &str) {
        assert_eq!(serde_json::to_string(&error.body()).unwrap(), body);
    }

    #[test]
    fn each_shape_has_its_published_form() {
        check(
            &ApiError::token_missing(),
            r#"{"error":{"status":401,"message":"Token not provided","code":"token_missing"}}"#,
        );
        check(
            &ApiError::invalid_field("email", "The email field is required."),
            r#"{"errors":{"email":["The email field is required."]},"code":"validation_failed","message":"The email field is required."}"#,
        );
        check(&ApiError::no_route(), r#"{"code":"route_not_found","message":"There is nothing at this path."}"#);
        check(
            &ApiError::validation(FieldErrors::new()),
            r#"{"errors":{},"code":"validation_failed","message":"The given data was invalid."}"#,
        );
    }

    #[test]
    fn a_route_that_promises_errors_keeps_the_promise_in_every_shape() {
        check(
            &ApiError::token_invalid().with_errors_object(),
            r#"{"error":{"status":401,"message":"Invalid or expired token","code":"token_invalid"},"errors":{"request":["Invalid or expired token"]}}"#,
        );
        check(
            &ApiError::body_too_large().with_errors_object(),
            r#"{"errors":{"request":["The body is too large."]},"code":"body_too_large","message":"The body is too large."}"#,
        );
        check(
            &ApiError::invalid_field("email", "no").with_errors_object(),
            r#"{"errors":{"email":["no"]},"code":"validation_failed","message":"no"}"#,
        );
    }

    #[test]
    fn a_fault_shows_a_number_to_quote_and_nothing_of_the_inside() {
        let error = ApiError::fault(&std::io::Error::other("/secret/path")).reported_as("r-1");
        assert_eq!(error.status(), StatusCode::INTERNAL_SERVER_ERROR);
        check(
            &error,
            r#"{"error":{"status":500,"message":"Something went wrong on our side.","code":"internal","report_id":"r-1"}}"#,
        );
        assert_eq!(ApiError::token_missing().reported_as("r-1"), ApiError::token_missing());
    }

    #[test]
    fn a_503_says_when_to_try_again_only_where_nothing_was_changed_and_a_fault_is_a_500() {
        let cases = [
            (Unavailable::Overloaded, (503, "overloaded", Some("1"))),
            (Unavailable::NotAttempted, (503, "not_attempted", Some("30"))),
            (Unavailable::OutcomeUnknown, (503, "outcome_unknown", None)),
            (Unavailable::ClockBehind, (503, "clock_behind", Some("30"))),
            (Unavailable::ClockAhead, (503, "clock_ahead", Some("30"))),
            (Unavailable::Fault, (500, "internal", None)),
        ];
        for (unavailable, expected) in cases {
            let error = ApiError::unavailable(unavailable);
            let (status, code) = (error.status().as_u16(), error.code());
            let response = error.into_response();
            let retry_after = response.headers().get("retry-after").map(|value| value.to_str().unwrap());
            assert_eq!((status, code, retry_after), expected);
        }
        check(
            &ApiError::unavailable(Unavailable::Fault).reported_as("r-1"),
            r#"{"error":{"status":500,"message":"Something went wrong on our side.","code":"internal","report_id":"r-1"}}"#,
        );
        assert!(ApiError::token_missing().into_response().headers().contains_key("www-authenticate"));
    }
}
