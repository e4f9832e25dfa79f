//! Switches a feature on and off with the sign-in, without an async runtime.
//!
//!     cargo run -p communicado --example feature_switch

#![expect(clippy::print_stdout, reason = "this is a console program")]

/// A feature that is on for as long as this value exists.
struct Feature;

impl Feature {
    fn switch_on() -> Self {
        println!("the feature is on");
        Self
    }
}

impl Drop for Feature {
    fn drop(&mut self) {
        println!("the feature is off");
    }
}

fn main() -> Result<(), communicado::Error> {
    communicado::blocking::while_signed_in(|_snapshot| Feature::switch_on())?;
    Ok(())
}
