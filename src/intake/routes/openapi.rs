//! The description of the contract: `OpenAPI` 3.1, from the routes themselves and the table of
//! problems.

use std::{borrow::Cow, sync::OnceLock};

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ComponentsBuilder, ContentBuilder, HeaderBuilder, InfoBuilder, KnownFormat, LicenseBuilder,
        ObjectBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, ResponseBuilder, Schema, SchemaFormat,
        Type,
        path::Operation,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::{
    intake::site::{File, Site},
    wire::{
        ProblemType::{
            self, BadRange, BadRequest, ChecksumMismatch, Gone, Internal, KeyReused, NoSpace,
            NoToken, NotAllowed, NotFound, NotSealed, TooLarge, TooMany, TooSlow, Unavailable,
            VersionMismatch, WrongMediaType, WrongOffset,
        },
        header::{JSON, PROBLEM_JSON},
        path,
    },
};

/// What stands above the routes.
pub(super) fn head() -> OpenApi {
    let info = InfoBuilder::new()
        .title("sealpost intake")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Takes vulnerability reports that are sealed to the vendor's key, and cannot read them.",
        ))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").build()));
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("The token of a case, or one that the vendor gave out"))
        .build();
    let components = ComponentsBuilder::new()
        .security_scheme("token", SecurityScheme::Http(token))
        .schema_from::<crate::wire::Problem>();
    OpenApiBuilder::new()
        .info(info.build())
        .components(Some(components.build()))
        .build()
}

/// The document, made once.
pub(super) fn site() -> &'static Site {
    static SITE: OnceLock<Site> = OnceLock::new();
    SITE.get_or_init(|| {
        let mut document = super::described().into_openapi();
        for item in document.paths.paths.values_mut() {
            let operations = [
                &mut item.get,
                &mut item.post,
                &mut item.head,
                &mut item.patch,
                &mut item.delete,
                &mut item.options,
            ];
            for operation in operations.into_iter().flatten() {
                add_problems(operation);
            }
        }
        let json = document.to_json().unwrap_or_default();
        let mut site = Site::default();
        site.put(path::OPENAPI, File::new(JSON, json.into_bytes()));
        site
    })
}

/// Bytes as they are. The type stands in the description alone.
pub(super) struct Sealed;

impl PartialSchema for Sealed {
    fn schema() -> RefOr<Schema> {
        let bytes = ObjectBuilder::new().schema_type(Type::String);
        let format = SchemaFormat::KnownFormat(KnownFormat::Binary);
        bytes.format(Some(format)).into()
    }
}

impl ToSchema for Sealed {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Sealed")
    }
}

/// What may go wrong with an operation, one answer a status.
fn add_problems(operation: &mut Operation) {
    let id = operation.operation_id.clone().unwrap_or_default();
    for problem in problems(&id).iter().chain(ALWAYS) {
        let status = problem.status().to_string();
        operation
            .responses
            .responses
            .entry(status)
            .or_insert_with(|| answer(*problem));
    }
}

fn answer(problem: ProblemType) -> RefOr<utoipa::openapi::Response> {
    let schema = Ref::from_schema_name("Problem");
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let mut response = ResponseBuilder::new()
        .description(problem.title())
        .content(PROBLEM_JSON, content);
    let header = |what: &str| HeaderBuilder::new().description(Some(what)).build();
    match problem {
        TooMany | Unavailable | NoSpace => {
            response = response.header("Retry-After", header("Seconds"));
        }
        NoToken => response = response.header("WWW-Authenticate", header("Bearer")),
        VersionMismatch => response = response.header("Tus-Version", header("1.0.0")),
        _ => {}
    }
    response.build().into()
}

/// By the operation's id.
fn problems(operation: &str) -> &'static [ProblemType] {
    match operation {
        "post_report" => &[
            TooSlow,
            KeyReused,
            VersionMismatch,
            TooLarge,
            WrongMediaType,
            NotSealed,
            ChecksumMismatch,
            NoSpace,
        ],
        "list_reports" => &[NoToken, NotFound],
        "view_report" | "view_receipt" | "list_messages" => &[NoToken, NotFound, Gone],
        "download_report" => &[NoToken, NotAllowed, NotFound, Gone, BadRange],
        "download_message" => &[NoToken, NotFound, Gone, BadRange],
        "delete_report" => &[NoToken, NotAllowed, NotFound, Gone],
        "add_event" => &[
            NoToken,
            NotAllowed,
            NotFound,
            TooSlow,
            Gone,
            TooLarge,
            WrongMediaType,
        ],
        "post_message" => &[
            NoToken,
            NotAllowed,
            NotFound,
            TooSlow,
            KeyReused,
            Gone,
            TooLarge,
            WrongMediaType,
            NotSealed,
            NoSpace,
        ],
        "upload_offset" => &[NotFound, Gone, VersionMismatch],
        "upload_append" => &[
            NotFound,
            TooSlow,
            WrongOffset,
            Gone,
            VersionMismatch,
            TooLarge,
            WrongMediaType,
            NotSealed,
            ChecksumMismatch,
            NoSpace,
        ],
        "upload_terminate" => &[NotFound, WrongOffset, VersionMismatch],
        "upload_receipt" => &[NotFound, Gone],
        "landing_page" | "certificate" | "program" | "security_txt" | "key_directory" => {
            &[NotFound]
        }
        _ => &[],
    }
}

/// Whatever is asked.
const ALWAYS: &[ProblemType] = &[BadRequest, TooMany, Internal, Unavailable];
