//! Reads a new password from whoever runs the command, never from its arguments.

use std::io::{self, BufRead, IsTerminal};

use secrecy::{SecretString, zeroize::Zeroizing};

/// Bytes that are read of a password at the most: far above what any policy allows.
const LONGEST: u64 = 8 * 1_024;

/// Asks for a new password, twice, without showing it; reads one line from standard input instead
/// when `from_stdin` says so, or when that is no terminal.
///
/// # Errors
/// When nothing can be read, nothing was typed, or the two differ.
pub fn new_password(from_stdin: bool) -> io::Result<SecretString> {
    let stdin = io::stdin();
    if from_stdin || !stdin.is_terminal() {
        return line(stdin.lock());
    }
    let first = Zeroizing::new(rpassword::prompt_password("Password: ")?);
    let again = Zeroizing::new(rpassword::prompt_password("The same once more: ")?);
    if first != again {
        return Err(invalid("the two passwords differ"));
    }
    kept(&first)
}

/// The first line without its end; spaces count.
fn line(input: impl BufRead) -> io::Result<SecretString> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST as usize));
    input.take(LONGEST).read_until(b'\n', &mut bytes)?;
    let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    kept(str::from_utf8(text).map_err(|_| invalid("the password is not UTF-8 text"))?)
}

fn kept(text: &str) -> io::Result<SecretString> {
    if text.is_empty() { Err(invalid("no password was given")) } else { Ok(text.into()) }
}

fn invalid(detail: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, detail)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_password_is_the_first_line_with_its_spaces() {
        for input in [" pass word \n", " pass word \r\nnext\n", " pass word "] {
            assert_eq!(line(input.as_bytes()).unwrap().expose_secret(), " pass word ");
        }
    }

    #[test]
    fn an_empty_line_is_no_password() {
        for input in [&b""[..], b"\n", b"\xff\xfe\n"] {
            assert!(line(input).is_err());
        }
    }
}
