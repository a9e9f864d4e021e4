//! How an endpoint describes itself for `openapi.json`: operations, fields with their bounds, answers, refusals.
//!
//! The bounds are the constants that the parsers use, so that the document cannot promise other ones.

use utoipa::ToSchema;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{KnownFormat, Ref, RefOr, Required};

use super::reply::JSON;

/// An operation in the making.
pub(super) struct Description(OperationBuilder);

/// Whether a token is asked for, and where it may stand.
#[derive(Clone, Copy)]
pub(super) enum Token {
    /// None.
    Unasked,
    /// As a bearer, or in the body where the site allows it.
    BearerOrBody,
    /// As a bearer only.
    Bearer,
}

/// A field of a body.
pub(super) struct Field {
    name: &'static str,
    schema: ObjectBuilder,
    is_required: bool,
}

impl Field {
    /// A text of at most so many characters.
    pub(super) fn text(name: &'static str, chars_max: usize) -> Self {
        let schema = ObjectBuilder::new().schema_type(Type::String).max_length(Some(chars_max));
        Self { name, schema, is_required: false }
    }

    /// A password: at most 256 code points, shown by no tool.
    pub(super) fn password(name: &'static str) -> Self {
        let field = Self::text(name, doorward_domain::limits::PASSWORD_CODE_POINTS_MAX);
        let format = SchemaFormat::KnownFormat(KnownFormat::Password);
        Self { schema: field.schema.format(Some(format)).write_only(true), ..field }
    }

    /// An object of any values with at most so many keys.
    pub(super) fn object(name: &'static str, keys_max: usize) -> Self {
        let any = AdditionalProperties::FreeForm(true);
        let schema = ObjectBuilder::new().schema_type(Type::Object).additional_properties(Some(any));
        Self { name, schema: schema.max_properties(Some(keys_max)), is_required: false }
    }

    /// Must be there.
    pub(super) fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// What to know about it.
    pub(super) fn note(mut self, note: &str) -> Self {
        self.schema = self.schema.description(Some(note));
        self
    }
}

/// Describes an operation that asks for a site and perhaps for a token.
pub(super) fn operation(tag: &str, summary: &str, token: Token) -> Description {
    let mut operation = OperationBuilder::new().tag(tag).summary(Some(summary)).parameter(site_id(token));
    if !matches!(token, Token::Unasked) {
        operation = operation.security(SecurityRequirement::new("auth_token", Vec::<String>::new()));
    }
    let description = Description(operation).refuses(400, "A value is missing or bad; `errors` says which.").may_fail();
    match token {
        Token::Unasked => description,
        Token::BearerOrBody => description
            .refuses(401, "`token_missing`, `token_invalid`.")
            .refuses(403, "`session_superseded`, `session_revoked`, `session_other_site`."),
        Token::Bearer => description
            .refuses(401, "`token_missing`, `token_invalid`, `session_superseded`, `session_revoked`.")
            .refuses(403, "`session_other_site`."),
    }
}

/// Describes an operation that concerns no site.
pub(super) fn public_operation(tag: &str, summary: &str) -> Description {
    Description(OperationBuilder::new().tag(tag).summary(Some(summary))).may_fail()
}

impl Description {
    /// Takes these fields, as JSON or as a form; `site_id` and, where it may stand there, `auth_token` are added.
    pub(super) fn takes(self, token: Token, fields: Vec<Field>) -> Self {
        let mut schema = ObjectBuilder::new().schema_type(Type::Object).property("site_id", site_schema());
        if matches!(token, Token::BearerOrBody) {
            let note = "Instead of the Authorization header, where the site allows it.";
            schema =
                schema.property("auth_token", ObjectBuilder::new().schema_type(Type::String).description(Some(note)));
        }
        for field in fields {
            schema = schema.property(field.name, field.schema);
            if field.is_required {
                schema = schema.required(field.name);
            }
        }
        let schema: RefOr<Schema> = schema.build().into();
        let content = || ContentBuilder::new().schema(Some(schema.clone())).build();
        let body = RequestBodyBuilder::new()
            .content("application/json", content())
            .content("application/x-www-form-urlencoded", content());
        Self(self.0.request_body(Some(body.build())))
    }

    /// Answers 200 with `{"data": T}`.
    pub(super) fn answers<T: ToSchema>(self, meaning: &str) -> Self {
        let data = ObjectBuilder::new().property("data", reference::<T>()).required("data");
        self.answers_with(meaning, data.build().into())
    }

    /// Answers 200 with `{"data": [T, …]}`.
    pub(super) fn answers_list<T: ToSchema>(self, meaning: &str) -> Self {
        let list = ArrayBuilder::new().items(reference::<T>()).build();
        self.answers_with(meaning, ObjectBuilder::new().property("data", list).required("data").build().into())
    }

    /// Answers 200 with T itself.
    pub(super) fn answers_bare<T: ToSchema>(self, meaning: &str) -> Self {
        self.answers_with(meaning, reference::<T>())
    }

    /// Answers 204.
    pub(super) fn answers_nothing(self, meaning: &str) -> Self {
        Self(self.0.response("204", ResponseBuilder::new().description(meaning).build()))
    }

    /// Refuses with this status and the codes that `meaning` names.
    pub(super) fn refuses(self, status: u16, meaning: &str) -> Self {
        let content = ContentBuilder::new().schema(Some(reference::<super::error::Body<'_>>())).build();
        let response = ResponseBuilder::new().description(meaning).content(JSON, content).build();
        Self(self.0.response(status.to_string(), response))
    }

    /// Changes something, so that it may be refused for want of resources.
    pub(super) fn changes(self) -> Self {
        self.refuses(503, "`overloaded`, `not_attempted`, `outcome_unknown`, `clock_behind`, `clock_ahead`.")
    }

    /// May run into a fault of ours, as everything may.
    fn may_fail(self) -> Self {
        self.refuses(500, "`internal`: a fault on our side; quote its `report_id`.")
    }

    /// The description.
    pub(super) fn build(self) -> Operation {
        self.0.build()
    }

    fn answers_with(self, meaning: &str, schema: RefOr<Schema>) -> Self {
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let response = ResponseBuilder::new().description(meaning).content(JSON, content).build();
        Self(self.0.response("200", response))
    }
}

fn reference<T: ToSchema>() -> RefOr<Schema> {
    Ref::from_schema_name(T::name()).into()
}

fn site_schema() -> ObjectBuilder {
    let int32 = SchemaFormat::KnownFormat(KnownFormat::Int32);
    ObjectBuilder::new().schema_type(Type::Integer).format(Some(int32)).minimum(Some(0))
}

fn site_id(token: Token) -> Parameter {
    let note = match token {
        Token::Unasked => "The site. In the query or in the body.",
        Token::BearerOrBody | Token::Bearer => {
            "The site. In the query or in the body; without it, the site of the token."
        }
    };
    ParameterBuilder::new()
        .name("site_id")
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(note))
        .schema(Some(site_schema().build()))
        .build()
}
