//! The command line: one file a sub-command. Parses, wires rooms together, prints; decides nothing about customers.
//!
//! Standard output carries what was asked for and nothing else; the log, progress and errors go to standard error. The exit code is 0
//! for success, 1 for a failure, 2 for a command line that is none, 130 when a second signal cut a stop short.

mod account;
mod check_config;
mod dev;
mod repair;
mod serve;
mod site;
mod verify;

mod failure;
mod health;
mod offline;
mod open_files;
mod output;
mod panics;
mod progress;
mod server;
mod stop;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A customer-identity engine: accounts with sites, their customers, passwords and sessions.
///
/// To look around, run `doorward dev`: it needs no configuration and prints what to try. To run a service, write a configuration
/// (examples/doorward.toml has every key), check it with `check-config`, create an account and its sites with `account create` and
/// `site create`, and start `serve`. Should the data ever be damaged, `verify` says where and `repair` saves what is not.
#[derive(Debug, Parser)]
#[command(name = "doorward", version, propagate_version = false, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Dev(dev::Args),
    Serve(serve::Args),
    CheckConfig(check_config::Args),
    Account(account::Args),
    Site(site::Args),
    Verify(verify::Args),
    Repair(repair::Args),
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // Help is such an error too, with success as its code.
        Err(error) => {
            let code = if error.use_stderr() { 2 } else { 0 };
            return if error.print().is_ok() { ExitCode::from(code) } else { ExitCode::FAILURE };
        }
    };
    panics::log();
    let ended = match cli.command {
        Command::Dev(args) => dev::run(args),
        Command::Serve(args) => serve::run(&args),
        Command::CheckConfig(args) => check_config::run(&args),
        Command::Account(args) => account::run(args),
        Command::Site(args) => site::run(args),
        Command::Verify(args) => verify::run(&args),
        Command::Repair(args) => repair::run(&args),
    };
    ended.unwrap_or_else(|error| {
        failure::print(&error);
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_does_not_contradict_itself() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_and_every_argument_says_what_it_is_for() {
        fn check(command: &clap::Command) {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{} {}", command.get_name(), argument.get_id());
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }
}
