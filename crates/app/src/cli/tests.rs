//! Every flag has a variable, and the help says what it should.

use clap::{CommandFactory, Parser, error::ErrorKind};

use super::*;
use crate::config::schema::KEYS;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split_whitespace())
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn serve_is_the_default() {
    assert!(matches!(parse("almoner").unwrap().task(), Command::Serve(_)));
    assert!(matches!(parse("almoner --log debug").unwrap().task(), Command::Serve(_)));
}

#[test]
fn every_flag_is_also_a_variable_read_in_exactly_one_place() {
    fn check(command: &clap::Command, checked: &mut usize) {
        for argument in command.get_arguments() {
            let id = argument.get_id().as_str();
            if matches!(id, "help" | "version") {
                continue;
            }
            let key = format!("ALMONER_{}", id.to_uppercase());
            let key = KEYS.iter().find(|known| known.variable == key);
            match (argument.get_env(), key) {
                (Some(variable), None) => {
                    let variable = variable.to_str().unwrap();
                    assert!(variable.starts_with("ALMONER_"));
                    assert!(KEYS.iter().all(|key| key.variable != variable), "{variable}");
                }
                (None, Some(key)) => {
                    let help = argument.get_help().unwrap().to_string();
                    let env = format!("[env: {}]", key.variable);
                    assert!(help.contains(&env), "{id}: {help}");
                    if let Some(default) = key.default.filter(|default| !default.is_empty()) {
                        let default = format!("[default: {default}]");
                        assert!(help.contains(&default), "{id}: {help}");
                    }
                }
                (both, _) => panic!("{id} is read twice or never: {both:?}"),
            }
            *checked += 1;
        }
        for inner in command.get_subcommands() {
            check(inner, checked);
        }
    }
    let mut checked = 0;
    check(&Cli::command(), &mut checked);
    assert!(checked >= 16, "{checked}");
}

#[test]
fn settings_are_understood_before_and_after_the_command() {
    for line in ["almoner --data-dir x migrate status", "almoner migrate status --data-dir x"] {
        let cli = parse(line).unwrap();
        assert_eq!(cli.settings.flags(), [(schema::DATA_DIR, "x".to_owned())]);
        assert!(matches!(cli.task(), Command::Migrate(Migrate::Status)));
    }
}

#[test]
fn a_password_is_never_an_argument() {
    let error = parse("almoner admin create --email a@b.org --name A --password x").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownArgument);
}

#[test]
fn steps_are_at_least_one_and_down_takes_one_by_default() {
    let Command::Migrate(Migrate::Down { steps }) =
        parse("almoner migrate down").unwrap().command.unwrap()
    else {
        panic!("not migrate down");
    };
    assert_eq!(steps, 1);
    assert!(parse("almoner migrate down --steps 0").is_err());
}

#[test]
fn an_expected_head_is_a_position_and_a_hexadecimal_seal() {
    let printed = format!("12:{}", "ab01".repeat(16));
    let line = format!("almoner audit verify --expect-head {printed}");
    let Some(Command::Audit(Audit::Verify { expect_head })) = parse(&line).unwrap().command else {
        panic!("not audit verify");
    };
    assert_eq!(expect_head.map(|mark| mark.to_string()), Some(printed));
    for wrong in ["12", "12:", ":ab", "12:abc", "12:xyz0"] {
        let line = format!("almoner audit verify --expect-head {wrong}");
        assert_eq!(parse(&line).unwrap_err().kind(), ErrorKind::ValueValidation, "{wrong}");
    }
}

#[test]
fn help_lists_every_exit_code() {
    let help = Cli::command().render_long_help().to_string();
    for line in [
        "0  done",
        "1  failed",
        "2  the command line",
        "3  the configuration",
        "4  `audit",
        "5  `backup",
    ] {
        assert!(help.contains(line), "{help}");
    }
}
