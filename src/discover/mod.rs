//! From what a person typed to where a vendor takes reports, and to a key that may be trusted.
//!
//! DESIGN.md, "Discovery and trust". [`Target`] reads what was typed, [`discover`] asks every
//! source, and [`trust::decide`] weighs what they say. Reading is apart from asking: the files that
//! parse what a stranger published touch no network.

mod ask;
mod csaf;
mod dane;
mod evidence;
mod key_server;
mod link;
mod local;
mod look_alike;
mod lookup;
mod markdown;
mod metadata;
mod origin;
mod prose;
mod repository;
mod security_md;
pub mod security_txt;
mod site;
mod target;
pub mod trust;
mod typed;
mod web;
pub mod wkd;

pub use ask::{Discovery, Servers, Subject, discover};
pub use csaf::{CsafError, KeyFault, ProviderMetadata, PublishedKey};
pub use dane::{DnsLinkError, OwnerName};
pub use evidence::{Asked, Authority, Evidence, Fault, Kind, Outcome, Standing, Statement};
pub use key_server::{Hkp, KeyServerError, Vks};
pub use look_alike::{LookAlike, Warning};
pub use origin::Origin;
pub use security_md::SecurityMd;
pub use site::{program_for, speaks_for, vendor_origin};
pub use target::{Problem, Target, TargetError};
pub use web::SecurityTxtFile;
