//! How far a long stream of bytes has come, on stderr.
//!
//! Serves "progress goes to stderr and only to a terminal"; silent with `-q` and `--json`.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::Output;
use super::escape::escape;

/// A bar with bytes, rate and time left. It is erased when it is finished or dropped; where no
/// progress is wanted it does nothing.
pub struct Progress(ProgressBar);

impl Progress {
    /// Starts a bar; `total` in bytes, if it is known.
    #[must_use]
    pub fn bytes(output: &Output, total: Option<u64>, label: &str) -> Self {
        let (bar, template) = match total {
            Some(total) => (ProgressBar::new(total), WITH_TOTAL),
            None => (ProgressBar::no_length(), WITHOUT_TOTAL),
        };
        let bar = output.bars().add(bar);
        // The templates are constants; should one ever be wrong, a plain bar is drawn.
        let style = ProgressStyle::with_template(template);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(escape(label).to_string());
        Self(bar)
    }

    /// Starts a bar over so many things.
    #[must_use]
    pub fn steps(output: &Output, total: u64, label: &str) -> Self {
        let bar = output.bars().add(ProgressBar::new(total));
        let style = ProgressStyle::with_template(STEPS);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(escape(label).to_string());
        Self(bar)
    }

    /// Shows that something is being waited for.
    #[must_use]
    pub fn waiting(output: &Output, label: &str) -> Self {
        let bar = output.bars().add(ProgressBar::new_spinner());
        let style = ProgressStyle::with_template(WAITING);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.set_message(escape(label).to_string());
        bar.enable_steady_tick(Duration::from_millis(100));
        Self(bar)
    }

    /// Says that `count` more bytes, or things, are done. Cheap: drawn a few times a second at most.
    pub fn add(&self, count: u64) {
        self.0.inc(count);
    }

    /// Says how many bytes are done in all; after a cut that may be fewer than before.
    pub fn at(&self, done: u64) {
        self.0.set_position(done);
    }

    /// Says that this many bytes were done before: they do not count for the rate.
    pub fn begin_at(&self, done: u64) {
        self.0.set_position(done);
        self.0.reset_eta();
    }

    /// Erases the bar.
    pub fn finish(self) {
        drop(self);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

const WITH_TOTAL: &str =
    "{msg} {bar:24} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec}, {eta} left";
const STEPS: &str = "{msg} {bar:24} {pos}/{len} {per_sec}, {eta} left";
const WAITING: &str = "{spinner} {msg} {elapsed}";
const WITHOUT_TOTAL: &str = "{msg} {spinner} {binary_bytes} {binary_bytes_per_sec}";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::output::tests::captured;
    use crate::terminal::{Colour, Format, Volume};

    #[test]
    fn the_templates_are_well_formed() {
        assert!(ProgressStyle::with_template(WITH_TOTAL).is_ok());
        assert!(ProgressStyle::with_template(WITHOUT_TOTAL).is_ok());
        assert!(ProgressStyle::with_template(STEPS).is_ok());
    }

    #[test]
    fn p22_the_label_is_escaped() {
        let (output, _, _) = captured(Format::Text, Volume::Normal, Colour::Never);
        let progress = Progress::bytes(&output, Some(2), "a\u{1b}[2J");
        assert_eq!(progress.0.message(), r"a\u{1b}[2J");
    }

    #[test]
    fn nothing_is_drawn_where_nobody_looks() {
        let (output, stdout, stderr) = captured(Format::Text, Volume::Normal, Colour::Always);
        let progress = Progress::bytes(&output, None, "sealing");
        progress.add(u64::MAX);
        progress.add(1);
        assert!(progress.0.is_hidden());
        progress.finish();
        assert_eq!(stdout.text() + &stderr.text(), "");
    }
}
