//! The site resource.

use doorward_domain::account::Site;
use doorward_domain::ids::AccountId;
use serde::Serialize;
use utoipa::ToSchema;

use super::nothing::{EmptyList, Null};

/// Minutes a magic link lives: 1 day, the published default.
const PASSWORDLESS_TOKEN_MINUTES: u32 = 24 * 60;

/// A site's public configuration. What is no matter of identity is null, empty or off.
#[derive(Serialize, ToSchema)]
#[schema(as = Site)]
pub(in crate::http::sdk) struct SiteResource<'a> {
    id: u32,
    account_id: u64,
    name: &'a str,
    link: String,
    /// The host.
    slug: &'a str,
    /// `subscription`: published clients show nothing without it.
    settings: &'static str,
    #[schema(inline)]
    default_currency: Null,
    default_locale: &'static str,
    #[schema(inline)]
    security_key: Null,
    ecommerce_enabled: bool,
    email_verify_enabled: bool,
    passwordless_enabled: bool,
    /// Minutes.
    passwordless_token_duration: u32,
    #[schema(minimum = 1, maximum = 365)]
    auth_token_ttl_days: u16,
    taxes_enabled: bool,
    tax_inclusive: bool,
    restrictive_paywall_metatags_enabled: bool,
    #[schema(inline)]
    google_analytics_id: Null,
    #[schema(inline)]
    google_app_id: Null,
    #[schema(inline)]
    google_app_id_ios: Null,
    #[schema(inline)]
    google_app_id_android: Null,
    #[schema(inline)]
    facebook_app_id: Null,
    #[schema(inline)]
    klaviyo_api_key: Null,
    #[schema(inline)]
    auth0_base_url: Null,
    #[schema(inline)]
    auth0_client_id: Null,
    #[schema(inline)]
    vantiv_gateway_settings: Null,
    #[schema(inline)]
    tap_gateway_settings: Null,
    #[schema(inline)]
    cybersource_gateway_settings: Null,
    #[schema(inline)]
    logo: Null,
    #[schema(inline)]
    products: EmptyList,
    #[schema(inline)]
    paywalls: EmptyList,
    #[schema(inline)]
    newsletters: EmptyList,
    #[schema(inline)]
    design_settings: Null,
}

impl<'a> SiteResource<'a> {
    /// A site of an account.
    pub(in crate::http::sdk) fn of(site: &'a Site, account: AccountId) -> Self {
        let host = site.profile.host.as_str();
        Self {
            id: site.id.0,
            account_id: account.0,
            name: site.profile.name.as_str(),
            link: format!("https://{host}"),
            slug: host,
            settings: "subscription",
            default_currency: Null,
            default_locale: "en_US",
            security_key: Null,
            ecommerce_enabled: false,
            email_verify_enabled: false,
            passwordless_enabled: false,
            passwordless_token_duration: PASSWORDLESS_TOKEN_MINUTES,
            auth_token_ttl_days: site.settings.auth_token_ttl_days,
            taxes_enabled: false,
            tax_inclusive: false,
            restrictive_paywall_metatags_enabled: false,
            google_analytics_id: Null,
            google_app_id: Null,
            google_app_id_ios: Null,
            google_app_id_android: Null,
            facebook_app_id: Null,
            klaviyo_api_key: Null,
            auth0_base_url: Null,
            auth0_client_id: Null,
            vantiv_gateway_settings: Null,
            tap_gateway_settings: Null,
            cybersource_gateway_settings: Null,
            logo: Null,
            products: EmptyList,
            paywalls: EmptyList,
            newsletters: EmptyList,
            design_settings: Null,
        }
    }
}
