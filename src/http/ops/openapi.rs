//! `openapi.json`, built from the rows of the table: what is served is what is described.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{Method, StatusCode};
use utoipa::openapi::path::{HttpMethod, ParameterBuilder, ParameterIn, PathItem, PathsBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, RefOr, Required};
use utoipa::{PartialSchema, ToSchema};

use super::described;
use crate::http::admission::Work;
use crate::http::cors::Cors;
use crate::http::error::ApiError;
use crate::http::reply::Reply;
use crate::http::routes::Route;

/// How long a client may keep the document.
const CACHE_SECS: u32 = 300;

/// A schema that operations refer to by its name.
pub type NamedSchema = (String, RefOr<Schema>);

/// A schema under its own name, and those that it refers to.
pub(in crate::http) fn named<T: ToSchema>() -> Vec<NamedSchema> {
    let mut schemas = vec![(T::name().into_owned(), <T as PartialSchema>::schema())];
    T::schemas(&mut schemas);
    schemas
}

/// Adds `/openapi.json`, which describes all rows, itself too. `schemas` are what their descriptions refer to.
///
/// # Errors
/// If the document cannot be serialised (a bug in an operation's description).
pub fn add_to<C: Send + Sync + 'static>(
    routes: &mut Vec<Route<C>>,
    schemas: Vec<NamedSchema>,
) -> Result<(), serde_json::Error> {
    let document: Arc<OnceLock<Bytes>> = Arc::default();
    let served = Arc::clone(&document);
    let handler = move |_: Arc<C>, _| {
        let text = served.get().cloned();
        async move {
            let text = text.ok_or_else(ApiError::internal)?;
            Ok(Reply::of_json(StatusCode::OK, text).cached_for(CACHE_SECS))
        }
    };
    let operation = || described("This description.", &[("200", "OpenAPI 3.1.")]);
    routes.push(Route::get("/openapi.json", "openapi", handler, operation).work(Work::Read).cors(Cors::Sites));
    let text = serde_json::to_vec(&self::document(routes, schemas))?;
    // The cell is new: nobody can have filled it.
    let _ = document.set(text.into());
    Ok(())
}

/// The document of these rows.
pub fn document<C>(routes: &[Route<C>], schemas: Vec<NamedSchema>) -> OpenApi {
    let mut paths = PathsBuilder::new();
    for route in routes {
        let mut operation = (route.operation)();
        operation.operation_id.get_or_insert_with(|| route.name.to_owned());
        if let Some(name) = parameter(route.path) {
            let schema = ObjectBuilder::new().schema_type(Type::String).build();
            let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path).required(Required::True);
            operation.parameters.get_or_insert_default().push(parameter.schema(Some(schema)).build().into());
        }
        if let Some(method) = method(&route.method) {
            paths = paths.path(route.path, PathItem::new(method, operation));
        }
    }
    let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build());
    let components = ComponentsBuilder::new().security_scheme("auth_token", bearer);
    let components = schemas.into_iter().fold(components, |all, (name, schema)| all.schema(name, schema));
    OpenApiBuilder::new()
        .info(InfoBuilder::new().title("Doorward").version(env!("CARGO_PKG_VERSION")).build())
        .paths(paths.build())
        .components(Some(components.build()))
        .build()
}

fn parameter(path: &str) -> Option<&str> {
    let (_, rest) = path.split_once('{')?;
    rest.split_once('}').map(|(name, _)| name)
}

fn method(method: &Method) -> Option<HttpMethod> {
    Some(match *method {
        Method::GET => HttpMethod::Get,
        Method::POST => HttpMethod::Post,
        Method::PUT => HttpMethod::Put,
        Method::DELETE => HttpMethod::Delete,
        Method::PATCH => HttpMethod::Patch,
        _ => return None,
    })
}
