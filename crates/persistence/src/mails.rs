//! The ports of the mail domain.

use almoner_kernel::{
    EmailAddress, LinkId, MailId, MailTemplate, NewMail, Page, PageRequest, PersonName, Position,
    SessionId, StoreError, Timestamp, UserId, Version,
};
use almoner_mail::{
    Mail, MailProblem, MailQuery, MailState,
    ports::{Device, Mails, MailsTx, Outcome, Recipient},
};
use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait},
};

use crate::{
    commit::{UnitHandle, changed_one},
    connection::Work,
    entities::{links, mails, sessions, users},
    error::store_error,
    paging::{Listing, Ordering, instant, millis},
    store::Store,
};

#[async_trait]
impl Mails for Store {
    async fn begin(&self) -> Result<Box<dyn MailsTx>, StoreError> {
        Ok(Box::new(self.unit().await?))
    }

    async fn mail(&self, id: MailId) -> Result<Option<Mail>, StoreError> {
        let row =
            mails::Entity::find_by_id(id.uuid()).one(&self.point()).await.map_err(store_error)?;
        row.map(into_mail).transpose()
    }

    async fn mails(&self, query: &MailQuery, page: &PageRequest) -> Result<Page<Mail>, StoreError> {
        let reader = self.scan();
        let mut select = mails::Entity::find();
        if let Some(state) = query.state {
            select = select.filter(mails::Column::State.eq(state.as_str()));
        }
        if let Some(template) = query.template {
            select = select.filter(mails::Column::Template.eq(template.as_str()));
        }
        if let Some(user_id) = query.user_id {
            select = select.filter(mails::Column::UserId.eq(user_id.uuid()));
        }
        let id = (mails::Entity, mails::Column::Id);
        let newest_first = Ordering::by_id(id, almoner_kernel::Direction::Down);
        let position = |row: &mails::Model| Position { key: None, id: row.id };
        Listing::new("mails", select.into_query(), newest_first)
            .page(&reader, page, position, into_mail)
            .await
    }

    async fn recipient(&self, user: UserId) -> Result<Option<Recipient>, StoreError> {
        let row = users::Entity::find_by_id(user.uuid())
            .filter(users::Column::Active.eq(true))
            .one(&self.point())
            .await
            .map_err(store_error)?;
        Ok(row.map(|row| Recipient {
            name: PersonName::from_stored(row.name),
            email: EmailAddress::from_stored(row.email),
            locale: row.locale,
            time_zone: row.time_zone,
        }))
    }

    async fn link_expires_at(&self, link: LinkId) -> Result<Option<Timestamp>, StoreError> {
        let row =
            links::Entity::find_by_id(link.uuid()).one(&self.point()).await.map_err(store_error)?;
        row.map(|row| instant(row.expires_at)).transpose()
    }

    async fn device(&self, session: SessionId) -> Result<Option<Device>, StoreError> {
        let row = sessions::Entity::find_by_id(session.uuid())
            .one(&self.point())
            .await
            .map_err(store_error)?;
        Ok(row.map(|row| Device { network: row.address, browser: row.user_agent }))
    }

    async fn sent_between(
        &self,
        user: UserId,
        template: MailTemplate,
        since: Timestamp,
        until: Timestamp,
        most: u32,
    ) -> Result<u32, StoreError> {
        let sent: Vec<Option<i64>> = mails::Entity::find()
            .filter(mails::Column::UserId.eq(user.uuid()))
            .filter(mails::Column::Template.eq(template.as_str()))
            .filter(mails::Column::State.eq(MailState::Sent.as_str()))
            .filter(mails::Column::TriedAt.gt(millis(since)))
            .filter(mails::Column::TriedAt.lte(millis(until)))
            .select_only()
            .column(mails::Column::TriedAt)
            .limit(u64::from(most))
            .into_tuple()
            .all(&self.point())
            .await
            .map_err(store_error)?;
        Ok(u32::try_from(sent.len()).unwrap_or(u32::MAX))
    }

    async fn note(&self, id: MailId, outcome: &Outcome) -> Result<(), StoreError> {
        use mails::Column;

        let unit = self.unit().await?;
        let mut update = mails::Entity::update_many()
            .col_expr(Column::State, Expr::val(outcome.state.as_str()))
            .col_expr(Column::Problem, Expr::val(outcome.problem.map(MailProblem::as_str)))
            .col_expr(Column::Reply, Expr::val(outcome.reply.map(i64::from)))
            .col_expr(Column::TriedAt, Expr::val(millis(outcome.at)))
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1_i64));
        if let Some(language) = outcome.language {
            update = update.col_expr(Column::Language, Expr::val(language));
        }
        if outcome.state == MailState::Sent {
            update = update.col_expr(Column::Address, Expr::val(None::<String>));
        }
        update.filter(Column::Id.eq(id.uuid())).exec(&*unit.work).await.map_err(store_error)?;
        unit.commit_upkeep().await
    }
}

#[async_trait]
impl MailsTx for UnitHandle {
    async fn mail(&mut self, id: MailId) -> Result<Option<Mail>, StoreError> {
        let row = mails::Entity::find_by_id(id.uuid())
            .lock_exclusive()
            .one(&*self.work)
            .await
            .map_err(store_error)?;
        row.map(into_mail).transpose()
    }

    async fn requeue(&mut self, mail: &Mail) -> Result<(), StoreError> {
        use mails::Column;

        changed_one(
            mails::Entity::update_many()
                .col_expr(Column::State, Expr::val(mail.state.as_str()))
                .col_expr(Column::Problem, Expr::val(mail.problem.map(MailProblem::as_str)))
                .col_expr(Column::Version, Expr::val(mail.version.number()))
                .filter(Column::Id.eq(mail.id.uuid()))
                .filter(Column::Version.eq(mail.version.number() - 1))
                .exec(&*self.work)
                .await,
        )
    }
}

/// Stores a mail that a use case of any domain leaves behind.
pub async fn insert(work: &Work, mail: &NewMail) -> Result<(), StoreError> {
    let row = mails::ActiveModel {
        id: Set(mail.id.uuid()),
        template: Set(mail.template.as_str().to_owned()),
        user_id: Set(mail.user_id.uuid()),
        address: Set(mail.address.as_ref().map(|address| address.as_str().to_owned())),
        about: Set(mail.about),
        state: Set(MailState::Queued.as_str().to_owned()),
        problem: Set(None),
        reply: Set(None),
        attempts: Set(0),
        tried_at: Set(None),
        language: Set(None),
        version: Set(Version::FIRST.number()),
        created_at: Set(millis(mail.at)),
    };
    mails::Entity::insert(row).exec_without_returning(work).await.map_err(store_error)?;
    Ok(())
}

fn into_mail(row: mails::Model) -> Result<Mail, StoreError> {
    let damaged =
        |column: &str| StoreError::Damaged(format!("mails.{column} has an unknown value"));
    let known = |problem: &String| MailProblem::parse(problem).ok_or_else(|| damaged("problem"));
    Ok(Mail {
        id: MailId::new(row.id),
        template: MailTemplate::parse(&row.template).ok_or_else(|| damaged("template"))?,
        user_id: UserId::new(row.user_id),
        address: row.address.map(EmailAddress::from_stored),
        about: row.about,
        state: MailState::parse(&row.state).ok_or_else(|| damaged("state"))?,
        problem: row.problem.as_ref().map(known).transpose()?,
        reply: row.reply.and_then(|reply| u16::try_from(reply).ok()),
        attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
        tried_at: row.tried_at.map(instant).transpose()?,
        language: row.language,
        version: Version::new(row.version),
        created_at: instant(row.created_at)?,
    })
}
