//! The program `mlenv`: everything is in the library beside it, which tests can link.

fn main() -> std::process::ExitCode {
    mlenv::run()
}
