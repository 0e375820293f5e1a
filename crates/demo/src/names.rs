//! Names to draw from: common ones of Türkiye and of the English-speaking world.

mod given;
mod organisations;
mod surnames;

pub(super) use self::{given::*, organisations::*, surnames::*};
