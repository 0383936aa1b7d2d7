//! Limits of the system on this process that are lowered for good (setrlimit(2)).

/// What is limited; nothing, as it begins.
#[derive(Debug, Default)]
pub(super) struct Limits {
    memory: Option<u64>,
}

impl Limits {
    pub(super) fn memory(bytes: u64) -> Self {
        Self {
            memory: Some(bytes),
        }
    }
}

/// What cannot be lowered stays: a limit is one more net, not the only one.
#[cfg(unix)]
pub(super) fn set(limits: &Limits) {
    use rustix::process::{Resource, getrlimit, setrlimit};

    let Some(memory) = limits.memory else { return };
    // Data, and not the address space, of which allocators and threads reserve much that they never use.
    let mut data = getrlimit(Resource::Data);
    data.current = Some(data.current.map_or(memory, |now| now.min(memory)));
    data.maximum = data.current;
    let mut files = getrlimit(Resource::Nofile);
    files.maximum = files.current;
    for (resource, limit) in [(Resource::Data, data), (Resource::Nofile, files)] {
        let _stays = setrlimit(resource, limit);
    }
}

#[cfg(not(unix))]
pub(super) fn set(_: &Limits) {}
