//! Ctrl-C and its kin: nothing half-written stays, and the terminal shows again what is typed.
//!
//! Serves "Ctrl-C leaves nothing half-written" and exit code 130 (128 and the signal's number).

use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};

use rustix::process::getpgrp;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};
use signal_hook::consts::{
    SIGALRM, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ,
};
use signal_hook::iterator::{Handle, Signals};

use super::{interruption, registry};

/// Starts the thread that waits for every signal that ends a program in order; called once, early in `main`. A
/// signal that the parent had ignored, as `nohup` does, stays ignored.
///
/// # Errors
/// The handler or its thread cannot be had.
pub fn install() -> io::Result<()> {
    let ignored = ignored_signals();
    let wanted = [
        SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU, SIGALRM, SIGUSR1, SIGUSR2,
    ];
    // Caught, a file that grows beyond its limit is an error like a full disk, and tidied up like one.
    signal_hook::flag::register(SIGXFSZ, Arc::default())?;
    let watch = Watch {
        wanted: wanted
            .iter()
            .filter(|s| !is_ignored(ignored, **s))
            .copied()
            .collect(),
        terminal: Remembered::now(),
    };
    start(WATCH.get_or_init(|| watch))
}

/// Has another thread wait instead, started by the caller: what the caller may not do any more, it may not either.
/// In between, both wait, so that no signal is missed.
///
/// # Errors
/// As [`install`]; then the first goes on.
pub fn renew() -> io::Result<()> {
    WATCH.get().map_or(Ok(()), start)
}

/// What is waited for, and what is restored in the end.
struct Watch {
    wanted: Vec<i32>,
    terminal: Option<Remembered>,
}

/// Starts the thread that waits, and ends the one before it.
fn start(watch: &'static Watch) -> io::Result<()> {
    let mut signals = Signals::new(&watch.wanted)?;
    let handle = signals.handle();
    let thread = thread::Builder::new()
        .name("interrupt".to_owned())
        .spawn(move || {
            for signal in signals.forever() {
                let in_order = [SIGINT, SIGTERM, SIGHUP].contains(&signal);
                let is_theirs =
                    || HANDED_OVER.load(Ordering::Acquire) || interruption::tell(signal);
                if !(in_order && is_theirs()) {
                    end(signal, watch.terminal.as_ref());
                }
            }
        })?;
    let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((handle, thread)) = waiting.replace((handle, thread)) {
        handle.close();
        let _ended = thread.join();
    }
    Ok(())
}

/// From now on, SIGINT, SIGTERM and SIGHUP are another's affair: a server ends in order of its own.
/// Whoever calls this listens for them already.
pub fn hand_over() {
    HANDED_OVER.store(true, Ordering::Release);
}

/// While the registry is held, no other thread can publish or create anything.
fn end(signal: i32, terminal: Option<&Remembered>) -> ! {
    let _held = registry::sweep();
    if let Some(terminal) = terminal {
        terminal.restore();
    }
    // Without the exit hooks, which could wait for threads that wait for the registry.
    signal_hook::low_level::exit(128_i32.saturating_add(signal));
}

/// The terminal as it was before any passphrase was asked for.
struct Remembered {
    terminal: File,
    settings: Termios,
}

impl Remembered {
    fn now() -> Option<Self> {
        let terminal = File::open("/dev/tty").ok()?;
        let settings = tcgetattr(&terminal).ok()?;
        Some(Self { terminal, settings })
    }

    /// Only in the foreground: in the background, the attempt would stop this process.
    fn restore(&self) {
        let terminal = self.terminal.as_fd();
        if tcgetpgrp(terminal).is_ok_and(|group| group == getpgrp()) {
            let _best_effort = tcsetattr(terminal, OptionalActions::Now, &self.settings);
        }
    }
}

/// The mask of signals that the parent told us to ignore, where the system shows it.
fn ignored_signals() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

/// Bit 0 of the mask is signal 1.
fn is_ignored(mask: u64, signal: i32) -> bool {
    let bit = u32::try_from(signal.saturating_sub(1)).unwrap_or(u32::MAX);
    mask.checked_shr(bit).unwrap_or(0) & 1 == 1
}

static WATCH: OnceLock<Watch> = OnceLock::new();
static WAITING: Mutex<Option<(Handle, JoinHandle<()>)>> = Mutex::new(None);
static HANDED_OVER: AtomicBool = AtomicBool::new(false);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_counts_from_signal_one() {
        let mask = 0b100_0000_0000_0001;
        assert!(is_ignored(mask, SIGHUP) && is_ignored(mask, SIGTERM));
        assert!(!is_ignored(mask, SIGINT));
        assert!(!is_ignored(u64::MAX, 65));
    }
}
