//! Going on with a mail that waits in the outbox: the same bytes, to the same server.

use jiff::Timestamp;

use super::{
    Mailed,
    ways::{hand_over, not_delivered},
};
use crate::{
    cli::Send,
    commands::{Context, online::Online, post::Post, send::resume::refuse_if_changed},
    disk::{CaseRecord, Cases, EntryKind, HeldEntry, Interruption},
    program::MailAddress,
    terminal::Failure,
};

/// Hands it over; `record` is that of its case.
pub(in crate::commands::send) fn again(
    held: HeldEntry,
    (record, cases): (&CaseRecord, &Cases),
    (args, interruption): (&Send, &Interruption),
    context: &Context<'_>,
) -> Result<(Mailed, HeldEntry), Failure> {
    let entry = held.entry().clone();
    let EntryKind::Mail { from, to } = &entry.kind else {
        return Err(anyhow::anyhow!("the outbox and its entry disagree").into());
    };
    let name = record.name();
    refuse_if_changed(&mut held.sealed()?, &entry)?;
    let (sender, recipient): (MailAddress, MailAddress) = (from.parse()?, to.parse()?);
    let mut post = Post::again(&entry.intake, sender.clone(), &args.mail, context)?;
    post.unlock(context)?;
    let online = Online::new(&args.network, None, context)?;
    let line = (&online, interruption);
    let handed = hand_over(&held, &post, (&sender, &recipient), (line, context));
    handed.map_err(|failure| not_delivered(name.as_str(), failure))?;
    let _held = cases.hold(&name)?;
    let mut record = cases.read(&name)?;
    record.handed_over = Some(Timestamp::try_from(context.now)?);
    cases.write(&record)?;
    let mut done = Mailed::again(&record, (from, to), post.place());
    if !entry.words_shown {
        done.case_words = Some(record.secret.words().to_string());
    }
    Ok((done, held))
}
