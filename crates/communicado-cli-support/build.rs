//! Gives the crate the name of the target, which cargo tells only to build scripts.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = std::env::var("TARGET").unwrap_or_default();
    println!("cargo::rustc-env=COMMUNICADO_TARGET={target}");
}
