//! The command line.

use crate::config::{self, Config, LogFormat};
use crate::healthcheck;
use crate::server;
use clap::{Args, Parser, Subcommand};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

#[derive(Parser)]
#[command(
    name = "miandeng",
    version,
    about = "Login-free entry (免登) into an enterprise's pages inside DingTalk"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Serve(Source),
    /// Validate the configuration and print it with secrets masked
    Check(Source),
    /// Ask the running server's ops listener whether it is up: 0, or 1 and a line that says why not
    Healthcheck(Source),
}

#[derive(Args)]
struct Source {
    /// The configuration file
    #[arg(long, default_value = "miandeng.toml")]
    config: PathBuf,
}

/// A configuration that cannot be used.
const BAD_CONFIG: u8 = 2;

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(source) => load(&source).map(serve),
        Command::Check(source) => load(&source).map(|config| check(&config)),
        Command::Healthcheck(source) => Ok(healthcheck(&source)),
    };
    match outcome {
        Ok(code) => code,
        Err(BadConfig) => ExitCode::from(BAD_CONFIG),
    }
}

/// The problems have been printed.
struct BadConfig;

fn load(source: &Source) -> Result<Config, BadConfig> {
    let loaded = config::load(&source.config);
    for warning in &loaded.warnings {
        eprintln!("warning: {warning}");
    }
    loaded.config.map_err(|problems| {
        for problem in &problems {
            eprintln!("{problem}");
        }
        eprintln!("{}: {} problem(s), nothing was started", source.config.display(), problems.len());
        BadConfig
    })
}

fn check(config: &Config) -> ExitCode {
    match config.masked() {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => fail(&error),
    }
}

fn healthcheck(source: &Source) -> ExitCode {
    let address = config::ops_listen(&source.config).map_err(anyhow::Error::msg);
    match address.and_then(healthcheck::ask) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn serve(config: Config) -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // What these say below `info` may quote URLs and headers, and DingTalk wants secrets in both.
    let quiet = ["hyper", "hyper_util", "reqwest", "rustls", "redis"];
    let quiet = quiet.iter().filter_map(|target| format!("{target}=info").parse().ok());
    let filter = quiet.fold(filter, EnvFilter::add_directive);
    let colours = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match config.log {
        LogFormat::Text => log.with_ansi(colours).init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    match runtime.block_on(server::serve(config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

/// One line with its causes; a backtrace does not help who runs this.
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("miandeng: {error:#}");
    ExitCode::FAILURE
}
