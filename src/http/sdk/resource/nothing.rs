//! Attributes of the published resources that hold nothing here, because they are no matter of identity. Clients read them.

use serde::{Serialize, Serializer};
use utoipa::PartialSchema;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ArrayBuilder, ArrayItems, ObjectBuilder, Schema, Type};

/// `null`.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Null;

/// `[]`.
#[derive(Clone, Copy)]
pub(super) struct EmptyList;

impl Serialize for EmptyList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        [(); 0].serialize(serializer)
    }
}

impl PartialSchema for Null {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Null).build().into()
    }
}

impl PartialSchema for EmptyList {
    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new().items(ArrayItems::False).max_items(Some(0)).build().into()
    }
}

impl ToSchema for Null {}
impl ToSchema for EmptyList {}
