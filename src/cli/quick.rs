//! The verbs that hooks and jobs call, as a command line of their own. The whole one has some thirty verbs, and to put them
//! together takes longer than an activation.

use std::ffi::OsString;

use clap::{Parser, Subcommand};

use super::{Activate, Answer, Arguments, Command, Deactivate, Run};

#[derive(Parser)]
struct Few {
    #[command(subcommand)]
    verb: Verb,
    #[arg(short, long, global = true)]
    quiet: bool,
}

#[derive(Subcommand)]
enum Verb {
    Answer(Answer),
    Activate(Activate),
    Deactivate(Deactivate),
    Run(Run),
}

const VERBS: [&str; 4] = ["answer", "activate", "deactivate", "run"];

/// The arguments, where the first word is one of these verbs and nothing is wrong. Whatever else there is to say, such
/// as help, the whole command line says.
pub(super) fn parse(words: &[OsString]) -> Option<Arguments> {
    let verb = words.get(1)?;
    VERBS.iter().find(|known| *known == verb)?;
    let Few { verb, quiet } = Few::try_parse_from(words).ok()?;
    let command = match verb {
        Verb::Answer(arguments) => Command::Answer(arguments),
        Verb::Activate(arguments) => Command::Activate(arguments),
        Verb::Deactivate(arguments) => Command::Deactivate(arguments),
        Verb::Run(arguments) => Command::Run(arguments),
    };
    Some(Arguments { command, quiet })
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
        Few::command().debug_assert();
        for line in [
            "mlenv answer --shell bash --told x --marker /m",
            "mlenv activate -q --shell tcsh:6.24 --hooked env",
            "mlenv -q deactivate --shell fish",
            "mlenv deactivate --quiet --shell zsh",
        ] {
            let whole = Arguments::try_parse_from(words(line)).unwrap();
            let short = parse(&words(line));
            assert_eq!(short.is_some(), !line.starts_with("mlenv -q"), "{line}");
            assert_eq!(format!("{whole:?}"), format!("{:?}", short.unwrap_or(whole)), "{line}");
        }
        for line in
            ["mlenv activate --help", "mlenv answer", "mlenv list", "mlenv", "mlenv activate a b"]
        {
            assert!(parse(&words(line)).is_none(), "{line}");
        }
    }
}
