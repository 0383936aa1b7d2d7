//! A store of objects that fails on demand, for tests.
