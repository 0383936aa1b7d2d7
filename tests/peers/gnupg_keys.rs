//! Keys that GnuPG makes, of the kinds that vendors have.

use super::desk::Desk;

/// What a key is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// RSA of so many bits, primary key and subkey.
    Rsa(u16),
    /// Ed25519 and Curve25519, today's default.
    Curve25519,
    /// ECDSA and ECDH over P-256.
    P256,
    /// ECDSA and ECDH over a Brainpool curve, which the library does not compute with.
    Brainpool,
    /// DSA and `ElGamal`, the default of before 2009.
    Dsa,
}

/// A key in the desk's GnuPG home, exported as NAME.asc (public) and NAME.sec (secret).
pub(crate) struct GnupgKey {
    pub(crate) name: &'static str,
    pub(crate) fingerprint: String,
    /// The key ID of the subkey that decrypts.
    pub(crate) encryption_key: String,
}

impl Desk {
    /// A new key NAME@example.org.
    pub(crate) fn gnupg_key(&self, name: &'static str, kind: Kind) -> GnupgKey {
        self.generate(name, kind, "%no-protection")
    }

    /// A new key under the passphrase of the file `passphrase`.
    pub(crate) fn locked_gnupg_key(&self, name: &'static str, kind: Kind) -> GnupgKey {
        self.generate(name, kind, "Passphrase: correct horse")
    }

    fn generate(&self, name: &'static str, kind: Kind, protection: &str) -> GnupgKey {
        let parameters = format!(
            "{}\n{protection}\nName-Real: Vendor\nName-Email: {name}@example.org\nExpire-Date: 0\n",
            parameters(kind)
        );
        self.write("parameters", parameters.as_bytes());
        self.gpg("--generate-key parameters").ok();
        self.gpg(&format!(
            "--armor -o {name}.asc --export {name}@example.org"
        ))
        .ok();
        self.gpg(&format!(
            "--passphrase-file passphrase -o {name}.sec --export-secret-keys {name}@example.org"
        ))
        .ok();
        let listing = self
            .gpg(&format!("--with-colons --list-keys {name}@example.org"))
            .ok();
        let listing = listing.text();
        let field = |record: &str, number: usize| {
            let line = listing
                .lines()
                .find(|line| line.starts_with(record))
                .unwrap();
            line.split(':').nth(number).unwrap().to_owned()
        };
        GnupgKey {
            name,
            fingerprint: field("fpr:", 9),
            encryption_key: field("sub:", 4),
        }
    }
}

fn parameters(kind: Kind) -> String {
    let both = |primary: &str, subkey: &str, size: &str| {
        format!(
            "Key-Type: {primary}\nKey-{size}\nKey-Usage: sign\n\
             Subkey-Type: {subkey}\nSubkey-{size}\nSubkey-Usage: encrypt"
        )
    };
    match kind {
        Kind::Rsa(bits) => both("RSA", "RSA", &format!("Length: {bits}")),
        Kind::Curve25519 => "Key-Type: EDDSA\nKey-Curve: ed25519\nKey-Usage: sign\n\
             Subkey-Type: ECDH\nSubkey-Curve: cv25519\nSubkey-Usage: encrypt"
            .to_owned(),
        Kind::P256 => both("ECDSA", "ECDH", "Curve: nistp256"),
        Kind::Brainpool => both("ECDSA", "ECDH", "Curve: brainpoolP256r1"),
        Kind::Dsa => both("DSA", "ELG", "Length: 2048"),
    }
}
