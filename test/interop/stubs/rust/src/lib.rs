//! The stubs that the build script has written.
#![allow(clippy::all, rustdoc::all)]

include!(concat!(env!("STUBS_OUT"), "/mod.rs"));
