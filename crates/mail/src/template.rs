//! What mails say: templates in English and Turkish, each with a subject, a text and HTML, compiled
//! into the program and checked when it starts.

use almoner_kernel::{MailTemplate, PersonName, Timestamp};
use chrono::Duration;
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior, Value, context};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    Subject,
    ports::{Device, Recipient},
};

/// A language that there are templates in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// English, for everybody whose own language is not here.
    English,
    /// Turkish.
    Turkish,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::English, Self::Turkish];

    /// Its tag, BCP 47.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Turkish => "tr",
        }
    }

    /// The language for somebody who reads `locale`: by its primary language alone.
    pub fn of_locale(locale: &str) -> Self {
        let primary = locale.split(['-', '_']).next().unwrap_or_default();
        let known = Self::ALL.into_iter().find(|one| one.as_str().eq_ignore_ascii_case(primary));
        known.unwrap_or(Self::English)
    }
}

/// What one mail tells.
#[derive(Clone, Debug)]
pub enum Letter {
    /// A link to choose a new password.
    PasswordReset {
        /// The page, with the secret.
        address: SecretString,
        /// When it ends.
        expires_at: Timestamp,
    },
    /// A link to choose the first password.
    Invitation {
        /// The page, with the secret.
        address: SecretString,
        /// When it ends.
        expires_at: Timestamp,
    },
    /// The password was changed.
    PasswordChanged {
        /// When.
        at: Timestamp,
    },
    /// The e-mail address was changed.
    EmailChanged {
        /// When.
        at: Timestamp,
    },
    /// Somebody logged in on a new device.
    NewDevice {
        /// When.
        at: Timestamp,
        /// Which one, while its session lasts.
        device: Option<Device>,
    },
}

impl Letter {
    /// Which template it is told with.
    pub const fn template(&self) -> MailTemplate {
        match self {
            Self::PasswordReset { .. } => MailTemplate::PasswordReset,
            Self::Invitation { .. } => MailTemplate::Invitation,
            Self::PasswordChanged { .. } => MailTemplate::PasswordChanged,
            Self::EmailChanged { .. } => MailTemplate::EmailChanged,
            Self::NewDevice { .. } => MailTemplate::NewDevice,
        }
    }
}

/// A mail that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// In which language.
    pub language: Language,
    /// The subject.
    pub subject: Subject,
    /// The text.
    pub text: String,
    /// The same in HTML.
    pub html: String,
}

/// Every template.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
    organisation: String,
}

macro_rules! sources {
    ($($language:literal: $($template:literal),+;)+) => {
        &[$($(
            (
                concat!($language, "/", $template, ".txt"),
                include_str!(concat!("../templates/", $language, "/", $template, ".txt")),
            ),
            (
                concat!($language, "/", $template, ".html"),
                include_str!(concat!("../templates/", $language, "/", $template, ".html")),
            ),
        )+)+]
    };
}

/// Every file, by its name. A `.txt` begins with the line of the subject.
pub(crate) const SOURCES: &[(&str, &str)] = sources! {
    "en": "password_reset", "invitation", "password_changed", "email_changed", "new_device", "layout";
    "tr": "password_reset", "invitation", "password_changed", "email_changed", "new_device", "layout";
};

impl Templates {
    /// The templates, which name the organisation they speak for.
    ///
    /// # Errors
    /// When one of them is malformed.
    pub fn new(organisation: &str) -> Result<Self, Error> {
        let mut environment = Environment::empty();
        // A name that no value has is a mistake, not an empty place.
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| match name.ends_with(".html") {
            true => AutoEscape::Html,
            false => AutoEscape::None,
        });
        for (name, source) in SOURCES {
            environment.add_template(name, source)?;
        }
        Ok(Self { environment, organisation: organisation.to_owned() })
    }

    /// Writes a mail in the recipient's language, with times in their zone.
    ///
    /// # Errors
    /// When the template does not fit what it is given, which the tests rule out.
    pub fn render(&self, recipient: &Recipient, letter: &Letter) -> Result<Rendered, Error> {
        let language = Language::of_locale(&recipient.locale);
        let values = self.values(recipient, letter);
        let file = |suffix: &str| {
            let name = format!("{}/{}.{suffix}", language.as_str(), letter.template().as_str());
            self.environment.get_template(&name)?.render(values.clone())
        };
        let text = file("txt")?;
        let (subject, text) = text.split_once('\n').unwrap_or((&text, ""));
        Ok(Rendered {
            language,
            subject: Subject::of(subject),
            text: text.trim_start().to_owned(),
            html: file("html")?,
        })
    }

    /// A mail about an invented user.
    ///
    /// # Errors
    /// As [`Templates::render`].
    pub fn example(
        &self,
        template: MailTemplate,
        locale: &str,
        at: Timestamp,
    ) -> Result<Rendered, Error> {
        let recipient = Recipient {
            name: PersonName::from_stored("Elif Kaya".to_owned()),
            email: almoner_kernel::EmailAddress::from_stored("elif.kaya@example.org".to_owned()),
            locale: locale.to_owned(),
            time_zone: "Europe/Istanbul".to_owned(),
        };
        let address = SecretString::from("https://almoner.example.org/example#token=example");
        let letter = match template {
            MailTemplate::PasswordReset => {
                Letter::PasswordReset { address, expires_at: at + Duration::minutes(30) }
            }
            MailTemplate::Invitation => {
                Letter::Invitation { address, expires_at: at + Duration::days(7) }
            }
            MailTemplate::PasswordChanged => Letter::PasswordChanged { at },
            MailTemplate::EmailChanged => Letter::EmailChanged { at },
            MailTemplate::NewDevice => Letter::NewDevice {
                at,
                device: Some(Device {
                    network: Some("203.0.113.0".to_owned()),
                    browser: Some("Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0".to_owned()),
                }),
            },
        };
        self.render(&recipient, &letter)
    }

    /// What the names in a template stand for.
    fn values(&self, recipient: &Recipient, letter: &Letter) -> Value {
        let time = |at: &Timestamp| local(*at, &recipient.time_zone);
        let own = match letter {
            Letter::PasswordReset { address, expires_at }
            | Letter::Invitation { address, expires_at } => {
                context! { link => address.expose_secret(), until => time(expires_at) }
            }
            Letter::PasswordChanged { at } | Letter::EmailChanged { at } => {
                context! { when => time(at) }
            }
            Letter::NewDevice { at, device } => {
                let device = device.as_ref();
                let network = device.and_then(|device| device.network.as_deref());
                let browser = device.and_then(|device| device.browser.as_deref());
                context! {
                    when => time(at),
                    network => network.unwrap_or_default(),
                    browser => browser.unwrap_or_default(),
                }
            }
        };
        let name = recipient.name.as_str();
        context! { organisation => self.organisation.as_str(), name => name, ..own }
    }
}

/// An instant as somebody in that zone reads it: `2026-03-14 15:00 (Europe/Istanbul)`. It is the same
/// in every language, and nobody takes a month for a day.
fn local(at: Timestamp, zone: &str) -> String {
    let zone = zone.parse().unwrap_or(chrono_tz::Tz::UTC);
    format!("{} ({})", at.with_timezone(&zone).format("%Y-%m-%d %H:%M"), zone.name())
}
