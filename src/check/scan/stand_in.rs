//! What people write where a secret or a host would stand: `$PASSWORD`, `user:password`, example.com (RFC 2606, RFC 6761).
//!
//! Serves `check`: examples raise no alarm, and what only resembles one does.

/// Whether it is what people write where a password would stand, or nothing.
pub(super) fn is_stand_in(password: &[u8]) -> bool {
    let lower = password.to_ascii_lowercase();
    let same = password.iter().all(|byte| Some(byte) == password.first());
    let holds = |part: &[u8]| password.windows(part.len()).any(|found| found == part);
    let masked = [&b"***"[..], b"${", b"$(", b"{{", b"..."]
        .into_iter()
        .any(holds);
    let named = is_enclosed(password) || is_variable(password);
    masked || same || named || STAND_INS.contains(&lower.as_slice())
}

/// `<password>`, `{password}`, `[password]`, `%PASSWORD%`, `*password*`, and `%s`.
fn is_enclosed(text: &[u8]) -> bool {
    matches!(
        text,
        [b'<', .., b'>'] | [b'{', .., b'}'] | [b'[', .., b']'] | [b'*', .., b'*'] | [b'%', _]
    ) || matches!(text, [b'%', name @ .., b'%'] if is_name(name))
}

/// `$PASSWORD` or `$db_password`: letters in one case, as variables are named, where a password mixes.
fn is_variable(text: &[u8]) -> bool {
    let Some(name) = text.strip_prefix(b"$") else {
        return false;
    };
    let digits = name.iter().filter(|byte| byte.is_ascii_digit()).count();
    let lower = name.iter().any(u8::is_ascii_lowercase);
    let upper = name.iter().any(u8::is_ascii_uppercase);
    let camel = name.first().is_some_and(u8::is_ascii_lowercase) && digits == 0;
    is_name(name) && (camel || !(lower && upper)) && digits <= 1
}

fn is_name(text: &[u8]) -> bool {
    let first = text.first().is_some_and(|byte| !byte.is_ascii_digit());
    first && text.iter().copied().all(super::view::is_word)
}

/// Whether nobody can live at this host: it is an example, a test, or this machine. A port may stand behind it.
pub(super) fn is_stand_in_host(host: &[u8]) -> bool {
    let host = host.to_ascii_lowercase();
    let host = host.split(|byte| *byte == b':').next().unwrap_or_default();
    let host = host.strip_suffix(b".").unwrap_or(host);
    let within = |domain: &&[u8]| {
        host.strip_suffix(*domain)
            .is_some_and(|before| before.is_empty() || before.ends_with(b"."))
    };
    host.is_empty() || host == b"127.0.0.1" || host == b"host" || DOMAINS.iter().any(within)
}

const DOMAINS: [&[u8]; 7] = [
    b"example",
    b"example.com",
    b"example.org",
    b"example.net",
    b"localhost",
    b"test",
    b"invalid",
];

const STAND_INS: [&[u8]; 23] = [
    b"password",
    b"passwd",
    b"pass",
    b"pwd",
    b"pw",
    b"secret",
    b"token",
    b"user",
    b"username",
    b"test",
    b"foo",
    b"bar",
    b"hunter2",
    b"admin",
    b"root",
    b"guest",
    b"credentials",
    b"key",
    b"passphrase",
    b"pass123",
    b"1234",
    b"12345",
    b"123456",
];

#[cfg(test)]
mod tests {
    use super::{is_stand_in, is_stand_in_host};

    #[test]
    fn variables_and_masks_are_no_passwords() {
        for text in [
            "$PASS",
            "$db_password",
            "$dbPassword",
            "${PASS}",
            "a${PASS}",
            "$(pass show x)",
            "<password>",
            "{password}",
            "%PASSWORD%",
            "%s",
            "s***t",
            "...",
            "xxx",
            "Password",
        ] {
            assert!(is_stand_in(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn marks_in_a_password_leave_it_one() {
        for text in [
            "Tr0ub$4dor",
            "$3cr3tW0rd",
            "$Ecret9Word",
            "p*ss*9word",
            "100%sure",
            "a{b}c",
            "p%40ss",
        ] {
            assert!(!is_stand_in(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn hosts_are_compared_as_whole_names() {
        for host in [
            "example.com",
            "a.example.org:443",
            "x.test",
            "localhost:8080",
            "db.invalid.",
            "example",
        ] {
            assert!(is_stand_in_host(host.as_bytes()), "{host}");
        }
        for host in [
            "notexample.com",
            "example.com.val.town",
            "latest",
            "mylocalhost",
            "example.de",
        ] {
            assert!(!is_stand_in_host(host.as_bytes()), "{host}");
        }
    }
}
