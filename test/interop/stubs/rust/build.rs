//! Writes the stubs of STUBS_DESCRIPTORS, a file with a serialised FileDescriptorSet, into the folder STUBS_OUT.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message;
use prost_types::FileDescriptorSet;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-env-changed=STUBS_DESCRIPTORS");
    println!("cargo:rerun-if-env-changed=STUBS_OUT");
    let descriptors = PathBuf::from(env::var("STUBS_DESCRIPTORS")?);
    let out = PathBuf::from(env::var("STUBS_OUT")?);
    println!("cargo:rustc-env=STUBS_OUT={}", out.display());
    tonic_prost_build::configure()
        .build_transport(false)
        .out_dir(&out)
        .include_file("mod.rs")
        .compile_fds(FileDescriptorSet::decode(fs::read(descriptors)?.as_slice())?)?;
    Ok(())
}
