//! Tokens and keys of services, by the beginning that their makers gave them, and JWTs (RFC 7519).
//!
//! Serves `check`.

use data_encoding::BASE64URL_NOPAD;

use memchr::memmem;

use super::view::{View, is_mixed, is_random, is_word, run};

/// The kind of token that begins here, and its length.
pub(super) fn find(view: &View<'_>) -> Option<(&'static str, usize)> {
    if view.starts_with(TELEGRAM) {
        return telegram(view).map(|length| ("telegram-token", length));
    }
    if !view.is_word_start() {
        return None;
    }
    if view.starts_with(SIGNATURE) {
        return shared_access(view).map(|length| ("azure-signature", length));
    }
    if view.starts_with(JWT) {
        return jwt(view.ahead()).map(|length| ("jwt", length));
    }
    let first = *view.ahead().first()?;
    let known = TOKENS
        .iter()
        .find(|token| token.prefix.first() == Some(&first) && view.starts_with(token.prefix))?;
    let body = view.ahead().get(known.prefix.len()..)?;
    let body = body.get(..body.len().min(known.most + 1))?;
    let body = run(body, |byte| known.digits.has(byte));
    let fits = (known.least..=known.most).contains(&body.len());
    let real = is_random(body) && !body.starts_with(STRIPES_SAMPLE);
    (fits && real).then_some((known.kind, known.prefix.len() + body.len()))
}

/// Whether it begins as the tokens of a service do.
pub(super) fn is_known(text: &[u8]) -> bool {
    TOKENS.iter().any(|token| text.starts_with(token.prefix))
}

/// `:AA…` behind the number of a bot.
fn telegram(view: &View<'_>) -> Option<usize> {
    let behind = view.behind();
    let digits = behind.iter().rev().take(20);
    let digits = digits.take_while(|byte| byte.is_ascii_digit()).count();
    let before = behind.get(..behind.len() - digits)?;
    let apart = !before.last().is_some_and(|byte| is_word(*byte)) || before.ends_with(b"bot");
    let secret = run(view.ahead().get(1..40)?, |byte| Digits::Url.has(byte));
    let real = secret.len() == 35 && is_random(secret);
    ((8..=10).contains(&digits) && apart && real).then_some(36)
}

/// The signature of a shared access to Azure's storage or workflows: 32 bytes in Base64, beside the time until which, or
/// the version in which, it holds.
fn shared_access(view: &View<'_>) -> Option<usize> {
    let behind = view.behind();
    if !matches!(behind.last(), Some(b'?' | b'&' | b';' | b'"' | b' ')) {
        return None;
    }
    let text = view.ahead().get(SIGNATURE.len()..)?;
    let text = text.get(..text.len().min(160))?;
    let value = run(text, |byte| {
        Digits::Url.has(byte) || b"+/%=".contains(&byte)
    });
    let escapes = memchr::memchr_iter(b'%', value).count();
    let value = value.strip_suffix(b"=").unwrap_or(value);
    let padded = value.ends_with(b"%3D") || value.ends_with(b"%3d");
    let digits = value.len().checked_sub(2 * escapes)?;
    let near = behind.get(behind.len().saturating_sub(NEAR)..)?;
    let beside = |part: &[u8]| {
        [&b"sv="[..], b"se=", b"sp="]
            .iter()
            .any(|name| memmem::find(part, name).is_some())
    };
    let real = digits == 43 + usize::from(padded) && is_mixed(value) && is_random(value);
    let access = beside(near) || beside(view.ahead().get(..NEAR.min(view.ahead().len()))?);
    (real && access).then_some(SIGNATURE.len() + value.len())
}

/// Three parts; the first is JSON that names an algorithm other than none.
fn jwt(text: &[u8]) -> Option<usize> {
    let mut length = 0;
    let mut parts: [&[u8]; 3] = [&[]; 3];
    for (index, part) in parts.iter_mut().enumerate() {
        let rest = text.get(length..)?;
        let rest = if index == 0 {
            rest
        } else {
            rest.strip_prefix(b".")?
        };
        *part = run(rest, |byte| Digits::Url.has(byte));
        length += part.len() + usize::from(index > 0);
    }
    let [header, payload, signature] = parts;
    if header.len() > 2048 || signature.len() < 20 || !payload.starts_with(b"eyJ") {
        return None;
    }
    let header: serde_json::Value =
        serde_json::from_slice(&BASE64URL_NOPAD.decode(header).ok()?).ok()?;
    let algorithm = header.get("alg")?.as_str()?;
    let real = !algorithm.eq_ignore_ascii_case("none")
        && is_random(signature)
        && !payload.starts_with(SAMPLE_SUBJECT);
    real.then_some(length)
}

/// How tokens begin.
pub(super) fn starts() -> Vec<&'static [u8]> {
    let prefixes = TOKENS.iter().map(|token| token.prefix);
    prefixes.chain([JWT, TELEGRAM, SIGNATURE]).collect()
}

struct Token {
    kind: &'static str,
    prefix: &'static [u8],
    digits: Digits,
    least: usize,
    most: usize,
}

#[derive(Clone, Copy)]
enum Digits {
    Hex,
    Base32,
    Alphanumeric,
    Word,
    Url,
    Base64,
    Path,
}

impl Digits {
    fn has(self, byte: u8) -> bool {
        match self {
            Self::Hex => byte.is_ascii_hexdigit(),
            Self::Base32 => byte.is_ascii_uppercase() || (b'2'..=b'7').contains(&byte),
            Self::Alphanumeric => byte.is_ascii_alphanumeric(),
            Self::Word => is_word(byte),
            Self::Url => is_word(byte) || byte == b'-',
            Self::Base64 => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='),
            Self::Path => is_word(byte) || matches!(byte, b'-' | b'/' | b'.'),
        }
    }
}

const fn token(
    kind: &'static str,
    prefix: &'static [u8],
    digits: Digits,
    least: usize,
    most: usize,
) -> Token {
    Token {
        kind,
        prefix,
        digits,
        least,
        most,
    }
}

const TOKENS: &[Token] = &[
    token("aws-access-key", b"AKIA", Digits::Base32, 16, 16),
    token("aws-access-key", b"ASIA", Digits::Base32, 16, 16),
    token("google-api-key", b"AIza", Digits::Url, 35, 35),
    token("google-oauth-secret", b"GOCSPX-", Digits::Url, 28, 28),
    token("google-access-token", b"ya29.", Digits::Path, 20, 2048),
    token("azure-storage-key", b"AccountKey=", Digits::Base64, 80, 90),
    token("github-token", b"ghp_", Digits::Alphanumeric, 36, 255),
    token("github-token", b"gho_", Digits::Alphanumeric, 36, 255),
    token("github-token", b"ghu_", Digits::Alphanumeric, 36, 255),
    token("github-token", b"ghs_", Digits::Alphanumeric, 36, 255),
    token("github-token", b"ghr_", Digits::Alphanumeric, 36, 255),
    token("github-token", b"github_pat_", Digits::Word, 40, 255),
    token("gitlab-token", b"glpat-", Digits::Path, 20, 300),
    token("gitlab-token", b"glrt-", Digits::Path, 20, 300),
    token("gitlab-token", b"gldt-", Digits::Path, 20, 300),
    token("gitlab-token", b"glcbt-", Digits::Path, 20, 300),
    token("gitlab-token", b"glptt-", Digits::Path, 20, 300),
    token("gitlab-token", b"glsoat-", Digits::Path, 20, 300),
    token("slack-token", b"xoxb-", Digits::Url, 20, 255),
    token("slack-token", b"xoxp-", Digits::Url, 20, 255),
    token("slack-token", b"xoxa-", Digits::Url, 20, 255),
    token("slack-token", b"xoxs-", Digits::Url, 20, 255),
    token("slack-token", b"xapp-", Digits::Url, 20, 255),
    token(
        "slack-webhook",
        b"hooks.slack.com/services/T",
        Digits::Path,
        30,
        255,
    ),
    token(
        "discord-webhook",
        b"discord.com/api/webhooks/",
        Digits::Path,
        60,
        255,
    ),
    token("stripe-key", b"sk_live_", Digits::Alphanumeric, 16, 255),
    token("stripe-key", b"rk_live_", Digits::Alphanumeric, 16, 255),
    token(STRIPE_TEST, b"sk_test_", Digits::Alphanumeric, 16, 255),
    token(STRIPE_TEST, b"rk_test_", Digits::Alphanumeric, 16, 255),
    token("sendgrid-key", b"SG.", Digits::Path, 66, 66),
    token("openai-key", b"sk-proj-", Digits::Url, 40, 255),
    token("anthropic-key", b"sk-ant-", Digits::Url, 40, 255),
    token("hugging-face-token", b"hf_", Digits::Alphanumeric, 34, 40),
    token("npm-token", b"npm_", Digits::Alphanumeric, 36, 36),
    token("pypi-token", b"pypi-AgEI", Digits::Url, 50, 1024),
    token("docker-token", b"dckr_pat_", Digits::Url, 20, 64),
    token("digitalocean-token", b"dop_v1_", Digits::Hex, 64, 64),
    token("vault-token", b"hvs.", Digits::Url, 24, 255),
    token("shopify-token", b"shpat_", Digits::Hex, 32, 32),
    token("atlassian-token", b"ATATT3", Digits::Url, 50, 512),
];

/// The kind of a key that moves no money.
pub(super) const STRIPE_TEST: &str = "stripe-test-key";

/// How the key of Stripe's own documentation goes on.
const STRIPES_SAMPLE: &[u8] = b"4eC39HqLyjWDarjt";

/// How the second part of a bot's token begins.
const TELEGRAM: &[u8] = b":AA";

const SIGNATURE: &[u8] = b"sig=";

/// How far beside a signature its other parameters are looked for.
const NEAR: usize = 200;

/// `{"` in Base64.
const JWT: &[u8] = b"eyJ";

/// `{"sub":"1234567890",`: the sample that everybody copies.
const SAMPLE_SUBJECT: &[u8] = b"eyJzdWIiOiIxMjM0NTY3ODkwIi";
