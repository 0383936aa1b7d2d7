//! The bench: an intake in a place of its own, and clients that do as they are told.
//!
//! ```text
//! let place = Place::new(backing);
//! let serve = place.serve();
//! let report = serve.send(&Request::post(&sealed(4096, 1))).expect(201).report();
//! ```

pub(crate) mod backing;
pub(crate) mod http;
pub(crate) mod keys;
pub(crate) mod place;
pub(crate) mod sealed;
pub(crate) mod serve;
pub(crate) mod strace;
pub(crate) mod tus;

/// Makes two tests of each function over a [`backing::Backing`]: one that always runs, over SQLite
/// and a folder, and an ignored one over PostgreSQL and S3.
macro_rules! over_both {
    ($($name:ident),+ $(,)?) => {
        mod local {
            $(
                #[test]
                fn $name() {
                    super::$name(crate::bench::backing::Backing::Local);
                }
            )+
        }
        crate::bench::over_scaled!(scaled: $($name),+);
    };
}
pub(crate) use over_both;

/// Makes the ignored one alone, in a module of this name: for what a folder does not do.
macro_rules! over_scaled {
    ($module:ident: $($name:ident),+ $(,)?) => {
        mod $module {
            $(
                #[test]
                #[ignore = "needs PostgreSQL and S3: .ci/with-stores"]
                fn $name() {
                    let backing = crate::bench::backing::Backing::Scaled;
                    if backing.is_there() {
                        super::$name(backing);
                    }
                }
            )+
        }
    };
}
pub(crate) use over_scaled;
