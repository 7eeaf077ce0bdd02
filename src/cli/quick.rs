//! The verbs that hooks and jobs call, and those that are typed most, as a command line of their own. The whole one has some thirty verbs, and to put them
//! together takes longer than an activation. Of these, too, only the one that is called is put together.

use std::ffi::OsString;

use clap::{Parser, Subcommand};

use super::{Activate, Answer, Arguments, Command, Deactivate, Hook, List, Run, Status};

#[derive(Parser)]
struct One<T: Subcommand> {
    #[command(subcommand)]
    verb: T,
    #[arg(short, long, global = true)]
    quiet: bool,
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    verbose: bool,
}

#[derive(Subcommand)]
enum Answering {
    Answer(Answer),
}

#[derive(Subcommand)]
enum Activating {
    Activate(Activate),
}

#[derive(Subcommand)]
enum Deactivating {
    Deactivate(Deactivate),
}

#[derive(Subcommand)]
enum Running {
    Run(Run),
}

#[derive(Subcommand)]
enum Hooking {
    Hook(Hook),
}

#[derive(Subcommand)]
enum Telling {
    Status(Status),
}

#[derive(Subcommand)]
enum Listing {
    #[command(alias = "ls")]
    List(List),
}

/// The arguments, where the first word is one of these verbs and nothing is wrong. Whatever else there is to say, such
/// as help, the whole command line says.
pub(super) fn parse(words: &[OsString]) -> Option<Arguments> {
    match words.get(1)?.to_str()? {
        "answer" => one(words, |Answering::Answer(arguments)| Command::Answer(arguments)),
        "activate" => one(words, |Activating::Activate(arguments)| Command::Activate(arguments)),
        "deactivate" => {
            one(words, |Deactivating::Deactivate(arguments)| Command::Deactivate(arguments))
        }
        "run" => one(words, |Running::Run(arguments)| Command::Run(arguments)),
        "hook" => one(words, |Hooking::Hook(arguments)| Command::Hook(arguments)),
        "status" => one(words, |Telling::Status(arguments)| Command::Status(arguments)),
        "list" | "ls" => one(words, |Listing::List(arguments)| Command::List(arguments)),
        _ => None,
    }
}

fn one<T: Subcommand>(words: &[OsString], command: impl Fn(T) -> Command) -> Option<Arguments> {
    let One { verb, quiet, verbose } = One::try_parse_from(words).ok()?;
    Some(Arguments { command: command(verb), quiet, verbose })
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn the_short_command_line_is_sound_and_means_what_the_whole_one_means() {
        One::<Answering>::command().debug_assert();
        One::<Activating>::command().debug_assert();
        One::<Deactivating>::command().debug_assert();
        One::<Running>::command().debug_assert();
        One::<Hooking>::command().debug_assert();
        One::<Telling>::command().debug_assert();
        One::<Listing>::command().debug_assert();
        for line in [
            "mlenv answer --shell bash --told x --marker /m",
            "mlenv activate -q --shell tcsh:6.24 --hooked env",
            "mlenv -q deactivate --shell fish",
            "mlenv deactivate --quiet --shell zsh",
            "mlenv hook zsh",
            "mlenv status --json",
            "mlenv list --size",
            "mlenv ls",
        ] {
            let whole = Arguments::try_parse_from(words(line)).unwrap();
            let short = parse(&words(line));
            assert_eq!(short.is_some(), !line.starts_with("mlenv -q"), "{line}");
            assert_eq!(format!("{whole:?}"), format!("{:?}", short.unwrap_or(whole)), "{line}");
        }
        for line in
            ["mlenv activate --help", "mlenv answer", "mlenv info", "mlenv", "mlenv activate a b"]
        {
            assert!(parse(&words(line)).is_none(), "{line}");
        }
    }
}
