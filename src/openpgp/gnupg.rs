//! Which keys gpg-agent holds: GnuPG is asked, since the agent knows keys by their keygrip only.
//!
//! GnuPG's `doc/DETAILS`, "Format of the colon listings".

use std::{
    io,
    path::PathBuf,
    process::{Command, Output, Stdio},
    time::SystemTime,
};

use sequoia_openpgp::policy::StandardPolicy;

use super::{
    AgentKey, Certificate, Fingerprint, KeyError, KeyName, Passphrase, Recipients, Signer,
    certificate::read_certificates,
};

/// A secret key in GnuPG's listing.
struct Listed {
    fingerprint: String,
    keygrip: String,
}

/// The keys that gpg-agent has for opening messages. To list them runs GnuPG, which also starts the
/// agent; to use them later only needs its socket.
#[derive(Clone, Default)]
pub struct AgentKeys(Vec<AgentKey>);

impl AgentKeys {
    /// All of them; none where GnuPG is not installed, or not in use.
    ///
    /// # Errors
    /// [`KeyError::Agent`] when GnuPG is there and fails.
    pub fn list() -> Result<Self, KeyError> {
        if !is_in_use() {
            return Ok(Self::default());
        }
        let Some(listing) = gpg(&["--with-keygrip", "--list-secret-keys"])? else {
            return Ok(Self::default());
        };
        let listed = parse(&String::from_utf8_lossy(&listing));
        let certificates = export(&listed)?;
        let socket = socket()?;
        let mut keys = Vec::new();
        for certificate in &certificates {
            for ka in certificate.cert().keys() {
                let key = ka.key();
                let fingerprint = key.fingerprint().to_hex();
                let mut all = listed.iter();
                let Some(listed) = all.find(|listed| listed.fingerprint == fingerprint) else {
                    continue;
                };
                if key.pk_algo().for_encryption() {
                    keys.push(AgentKey {
                        certificate: certificate.clone(),
                        public: key.clone(),
                        keygrip: listed.keygrip.clone(),
                        socket: socket.clone(),
                        passphrase: None,
                        refusal: None,
                    });
                }
            }
        }
        Ok(Self(keys))
    }

    /// Those that may open a message for `recipients`: those that it names, and all where it hides
    /// one. The agent is answered with the passphrase, where there is one.
    #[must_use]
    pub fn matching(
        &self,
        recipients: &Recipients,
        passphrase: Option<&Passphrase>,
    ) -> Vec<AgentKey> {
        let is_wanted = |key: &&AgentKey| {
            let names = |name: &KeyName| name.handle().aliases(key.public.key_handle());
            recipients.hidden > 0 || recipients.keys.iter().any(names)
        };
        let with_passphrase = |key: &AgentKey| AgentKey {
            passphrase: passphrase.cloned(),
            ..key.clone()
        };
        self.0
            .iter()
            .filter(is_wanted)
            .map(with_passphrase)
            .collect()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &AgentKey> {
        self.0.iter()
    }
}

/// A signer with the newest signing key of the certificate `fingerprint`, held by gpg-agent.
///
/// # Errors
/// [`KeyError::NoSigningKey`] when the agent has none, [`KeyError::Agent`] when it fails.
pub fn agent_signer(
    fingerprint: &Fingerprint,
    passphrase: Option<&Passphrase>,
    now: SystemTime,
) -> Result<Signer, KeyError> {
    let none = || KeyError::NoSigningKey {
        file: format!("gpg-agent, {fingerprint}"),
    };
    let listing =
        gpg(&["--with-keygrip", "--list-secret-keys", fingerprint.as_hex()])?.ok_or_else(none)?;
    let listed = parse(&String::from_utf8_lossy(&listing));
    let certificate = export(&listed)?.into_iter().next().ok_or_else(none)?;
    let policy = StandardPolicy::at(now);
    let (public, keygrip) = certificate
        .cert()
        .keys()
        .with_policy(&policy, now)
        .alive()
        .revoked(false)
        .for_signing()
        .filter(|ka| AgentKey::can_sign_with(ka.key().mpis()))
        .filter_map(|ka| {
            let fingerprint = ka.key().fingerprint().to_hex();
            let listed = listed
                .iter()
                .find(|listed| listed.fingerprint == fingerprint)?;
            Some((ka.key().clone(), listed.keygrip.clone()))
        })
        .max_by_key(|(key, _)| key.creation_time())
        .ok_or_else(none)?;
    let key = AgentKey {
        certificate: certificate.clone(),
        public,
        keygrip,
        socket: socket()?,
        passphrase: passphrase.cloned(),
        refusal: None,
    };
    Ok(Signer::new(certificate, Box::new(key)))
}

/// Whether GnuPG has any certificates. Where it has none, it is not run, which would make its files.
fn is_in_use() -> bool {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let home = variable("GNUPGHOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(variable("HOME")?).join(".gnupg")));
    let (true, Some(home)) = (cfg!(unix), home) else {
        return true;
    };
    let keyrings = ["pubring.kbx", "pubring.gpg", "public-keys.d"];
    keyrings.iter().any(|name| home.join(name).exists())
}

fn export(listed: &[Listed]) -> Result<Vec<Certificate>, KeyError> {
    if listed.is_empty() {
        return Ok(Vec::new());
    }
    let mut arguments = vec!["--export"];
    arguments.extend(listed.iter().map(|listed| listed.fingerprint.as_str()));
    let exported = gpg(&arguments)?.unwrap_or_default();
    read_certificates("gpg --export", &exported).map_err(|why| KeyError::Agent(why.to_string()))
}

/// The secret keys that can be used: neither offline nor without a keygrip.
fn parse(listing: &str) -> Vec<Listed> {
    let mut keys = Vec::new();
    let mut usable = false;
    let mut fingerprint = String::new();
    for line in listing.lines() {
        let fields: Vec<_> = line.split(':').collect();
        let value = fields.get(9).copied().unwrap_or_default();
        match fields[0] {
            "sec" | "ssb" => {
                usable = fields.get(14).is_none_or(|token| *token != "#");
                fingerprint.clear();
            }
            "fpr" => value.clone_into(&mut fingerprint),
            "grp" if usable && !fingerprint.is_empty() => keys.push(Listed {
                fingerprint: fingerprint.clone(),
                keygrip: value.to_owned(),
            }),
            _ => {}
        }
    }
    keys
}

fn socket() -> Result<PathBuf, KeyError> {
    let output = run("gpgconf", &["--list-dirs", "agent-socket"])?;
    let output = output.ok_or_else(|| KeyError::Agent("gpgconf is not installed".to_owned()))?;
    let path = String::from_utf8_lossy(&output.stdout);
    Ok(PathBuf::from(path.trim_end()))
}

/// What `gpg` prints, or `None` where it is not installed.
fn gpg(arguments: &[&str]) -> Result<Option<Vec<u8>>, KeyError> {
    let all = [&["--batch", "--no-tty", "--with-colons"], arguments].concat();
    Ok(run("gpg", &all)?.map(|output| output.stdout))
}

fn run(program: &str, arguments: &[&str]) -> Result<Option<Output>, KeyError> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    match output {
        Ok(output) => Ok(Some(output)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(KeyError::Agent(format!("cannot run {program}: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_out_offline_keys() {
        let listing = "sec:u:255:22:AAAA:1:::u:::scESC:::#::ed25519:::0:\n\
                       fpr:::::::::F1:\ngrp:::::::::G1:\n\
                       ssb:u:255:18:BBBB:1::::::e:::+::cv25519::\n\
                       fpr:::::::::F2:\ngrp:::::::::G2:\n\
                       ssb:u:255:18:CCCC:1::::::e:::D2760001240102:::\n\
                       fpr:::::::::F3:\ngrp:::::::::G3:\n";
        let keys = parse(listing);
        let names: Vec<_> = keys
            .iter()
            .map(|key| (key.fingerprint.as_str(), key.keygrip.as_str()))
            .collect();
        assert_eq!(names, [("F2", "G2"), ("F3", "G3")]);
    }
}
