//! The state of an admission as bytes, for the process that goes on. JSON, since it is small and
//! read back by the same program; what cannot be is refused.

use super::state::{MAX_BEFORE, Place, State};
use crate::openpgp::outside::MAX_RECIPIENTS;

/// Bytes that [`super::Admission::save`] did not make.
#[derive(Debug, thiserror::Error)]
#[error("the saved state of an admission cannot be read")]
pub struct NotSaved;

/// The state as bytes.
pub(super) fn write(state: &State) -> Vec<u8> {
    // Numbers, strings and lists alone: this cannot fail.
    serde_json::to_vec(state).unwrap_or_default()
}

/// The state that these bytes are.
pub(super) fn read(saved: &[u8]) -> Result<State, NotSaved> {
    let state: State = serde_json::from_slice(saved).map_err(|_| NotSaved)?;
    let is_bounded = match state.place {
        Place::Small { size } => size <= MAX_BEFORE && state.pending.len() < size,
        Place::Packet | Place::Part => state.pending.len() < 6,
        Place::Body { left, .. } => left > 0 && state.pending.is_empty(),
        Place::End => state.pending.is_empty(),
    };
    let keys = &state.session_keys;
    let are_keys = keys
        .iter()
        .all(|key| key.name.is_none() || key.name().is_some());
    (is_bounded && are_keys && keys.len() <= MAX_RECIPIENTS)
        .then_some(state)
        .ok_or(NotSaved)
}

/// Bytes in base64.
pub(super) mod base64 {
    use data_encoding::BASE64;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(in super::super) fn serialize<S: Serializer>(
        bytes: &[u8],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(bytes))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64.decode(text.as_bytes()).map_err(D::Error::custom)
    }
}
