//! Schedules: when work is done again and again.

use std::{fmt, str::FromStr};

use almoner_kernel::{
    Audited, JobId, ScheduleId, Snapshot, Timestamp, Version,
    id::{Entity, ScheduleEntity},
};
use chrono::{SecondsFormat, SubsecRound, TimeDelta, Utc};
use chrono_tz::Tz;
use croner::Cron;
use uuid::Uuid;

use crate::Job;

/// When a schedule fires: a cron expression of five fields, read in a time zone. A time that a day
/// does not have, because clocks are put forward, fires when they are; a time that a day has twice
/// fires once, unless it is one of many, as in `*/10`.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    cron: Cron,
    text: String,
    zone: Tz,
}

/// The text is no cron expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text} is no cron expression: {detail}")]
pub struct NoRule {
    text: String,
    detail: String,
}

impl Rule {
    /// Reads a cron expression.
    ///
    /// # Errors
    /// [`NoRule`] when it is none.
    pub fn parse(text: &str, zone: Tz) -> Result<Self, NoRule> {
        let cron = Cron::from_str(text)
            .map_err(|error| NoRule { text: text.to_owned(), detail: error.to_string() })?;
        Ok(Self { cron, text: text.to_owned(), zone })
    }

    /// The expression.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The time zone it is read in.
    pub const fn zone(&self) -> Tz {
        self.zone
    }

    /// The first time after `at`; none when it never fires again.
    pub fn next(&self, at: Timestamp) -> Option<Timestamp> {
        let at = at.trunc_subsecs(0).with_timezone(&self.zone);
        let next = self.cron.find_next_occurrence(&at, false).ok()?;
        Some(next.with_timezone(&Utc))
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.text, self.zone)
    }
}

/// How far a clock goes back without anything having been wrong with it.
const LITTLE: TimeDelta = TimeDelta::minutes(10);

/// A schedule as the program has it: what is done when.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Its name, which is the kind of its jobs: such as `housekeeping.expired`.
    pub name: &'static str,
    /// When it fires.
    pub rule: Rule,
}

/// A schedule as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The id, for the trail.
    pub id: ScheduleId,
    /// Its name, which is the kind of its jobs.
    pub name: String,
    /// When it fires.
    pub cron: String,
    /// The time zone the expression is read in.
    pub time_zone: String,
    /// True while an operator has stopped it.
    pub is_paused: bool,
    /// When it fires next; none when it is paused, or never fires again.
    pub next_at: Option<Timestamp>,
    /// When it fired last.
    pub fired_at: Option<Timestamp>,
    /// The version; firing makes no new one.
    pub version: Version,
}

impl Schedule {
    /// A schedule as it is stored first.
    pub fn new(id: ScheduleId, plan: &Plan, at: Timestamp) -> Self {
        Self {
            id,
            name: plan.name.to_owned(),
            cron: plan.rule.text().to_owned(),
            time_zone: plan.rule.zone().name().to_owned(),
            is_paused: false,
            next_at: plan.rule.next(at),
            fired_at: None,
            version: Version::FIRST,
        }
    }

    /// The rule as it is stored; none when this program cannot read it.
    pub fn rule(&self) -> Option<Rule> {
        let zone = self.time_zone.parse().ok()?;
        Rule::parse(&self.cron, zone).ok()
    }

    /// True when it fires by another rule than the program has.
    pub fn differs(&self, plan: &Plan) -> bool {
        self.cron != plan.rule.text() || self.time_zone != plan.rule.zone().name()
    }

    /// The same by the rule of the program.
    #[must_use]
    pub fn ruled(self, plan: &Plan, at: Timestamp) -> Self {
        Self {
            cron: plan.rule.text().to_owned(),
            time_zone: plan.rule.zone().name().to_owned(),
            next_at: plan.rule.next(at).filter(|_| !self.is_paused),
            ..self
        }
    }

    /// True when it would fire later than its rule says: its next time was found while the clock was
    /// ahead. A clock that went back a little asks for no second time.
    pub fn is_adrift(&self, plan: &Plan, at: Timestamp) -> bool {
        let next = plan.rule.next(at + LITTLE);
        self.next_at.is_some_and(|stored| next.is_none_or(|next| stored > next))
    }

    /// The job it makes, due at once.
    pub fn job(&self, id: JobId, at: Timestamp) -> Job {
        Job::new(id, self.name.clone(), "{}".to_owned(), at).of_schedule(self.name.clone())
    }

    /// The job of one of its times, of which there is no second one.
    pub fn job_of(&self, id: JobId, due: Timestamp, at: Timestamp) -> Job {
        let key = due.to_rfc3339_opts(SecondsFormat::Secs, true);
        Job { unique: Some(key), ..self.job(id, at) }
    }

    /// The same without firing.
    #[must_use]
    pub fn paused(&self) -> Self {
        Self { is_paused: true, next_at: None, version: self.version.next(), ..self.clone() }
    }

    /// The same, firing again from now on. What it missed is not made up for.
    #[must_use]
    pub fn resumed(&self, at: Timestamp) -> Self {
        Self {
            is_paused: false,
            next_at: self.rule().and_then(|rule| rule.next(at)),
            version: self.version.next(),
            ..self.clone()
        }
    }
}

impl Audited for Schedule {
    const ENTITY: &'static str = ScheduleEntity::NAME;

    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> Version {
        self.version
    }

    fn snapshot(&self) -> Snapshot {
        vec![
            ("name", self.name.as_str().into()),
            ("cron", self.cron.as_str().into()),
            ("time_zone", self.time_zone.as_str().into()),
            ("is_paused", self.is_paused.into()),
            ("next_at", self.next_at.into()),
        ]
    }
}
