fn main() -> std::process::ExitCode {
    miandeng::cli::run()
}
