//! Reads the three states of a field in a partial update: absent, `null`, a value.
//!
//! ```text
//! #[serde(default, deserialize_with = "patch::field")]
//! #[schema(value_type = Option<String>)]
//! phone: Patch<String>,
//! ```

use almoner_kernel::Patch;
use serde::{Deserialize, Deserializer};

/// Reads a field that is present: `null` clears it. An absent field is `serde(default)`: `Keep`.
///
/// # Errors
/// As `T`.
pub fn field<'de, T, D>(deserializer: D) -> Result<Patch<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::<T>::deserialize(deserializer).map(|value| value.map_or(Patch::Clear, Patch::Set))
}
