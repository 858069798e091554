//! Links the C libraries last, as a program without `std` names none.

fn main() {
    if std::env::var_os("CARGO_FEATURE_STD").is_none() {
        for argument in ["-lm", "-lc", "-lgcc"] {
            println!("cargo::rustc-link-arg-bins={argument}");
        }
    }
    println!("cargo::rerun-if-changed=build.rs");
}
