//! Where a vendor takes reports.

use super::{Investigation, Vendor};
use crate::program::{Contact, MailAddress};

/// Where reports go, in the vendor's order: its profile's contacts, then those that it publishes. A
/// security.txt that is not to be believed leads nowhere.
pub(in crate::commands) fn contacts(
    vendor: &Vendor,
    found: Option<&Investigation>,
) -> Vec<Contact> {
    let own = vendor.target.program.contacts();
    // What was typed is no contact that anybody published.
    let own = own.filter(|_| vendor.target.is_known).cloned();
    let discovery = found.map(|found| &found.discovery);
    let void = discovery
        .and_then(|discovery| discovery.security_txt.as_ref())
        .filter(|file| file.void.is_some());
    let is_void = |from: &str| {
        void.is_some_and(|file| {
            file.retrieved
                .as_str()
                .starts_with(from.trim_end_matches('…'))
        })
    };
    let published = discovery.into_iter().flat_map(|discovery| {
        let files = discovery.contacts.iter();
        let files = files.filter(|(_, from)| !is_void(from));
        let program = discovery.program.iter();
        files
            .map(|(contact, _)| contact.clone())
            .chain(program.flat_map(|program| program.contacts().cloned()))
    });
    let mut all: Vec<Contact> = Vec::new();
    for contact in own.chain(published) {
        if !all.contains(&contact) {
            all.push(contact);
        }
    }
    all
}

/// The mail addresses among them; the one that the person typed is the only one.
pub(in crate::commands) fn mail_contacts(
    vendor: &Vendor,
    found: Option<&Investigation>,
) -> Vec<MailAddress> {
    if vendor.subject.is_mailbox {
        return vendor.subject.addresses.clone();
    }
    let contacts = contacts(vendor, found).into_iter();
    let addresses = contacts.filter_map(|contact| match contact {
        Contact::Mail(address) => Some(address),
        _ => None,
    });
    addresses.collect()
}
