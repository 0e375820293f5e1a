//! A donor: a person or an organisation that gives.

use almoner_kernel::{
    Audited, DonorId, EmailAddress, FieldValue, IdentityNumber, IdentityOnFile, Patch, PersonName,
    PhoneNumber, Snapshot, Sort, Timestamp, Trash, UserId, Version,
    id::{DonorEntity, Entity},
};
use uuid::Uuid;

/// A person or an organisation that gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Donor {
    /// The id.
    pub id: DonorId,
    /// Person or organisation.
    pub kind: DonorKind,
    /// The name in full.
    pub name: PersonName,
    /// Where to write to.
    pub email: Option<EmailAddress>,
    /// Where to call.
    pub phone: Option<PhoneNumber>,
    /// What may be shown of the identity or tax number; the number itself is only in storage.
    pub identity: Option<IdentityOnFile>,
    /// The postal address as one text, at most [`Donor::MAX_ADDRESS`] characters.
    pub address: Option<String>,
    /// The language to write in: a BCP 47 tag such as `tr` or `en-GB`.
    pub language: Option<String>,
    /// What staff should know, at most [`Donor::MAX_NOTES`] characters.
    pub notes: Option<String>,
    /// True when the donor agreed to be contacted.
    pub contact_consent: bool,
    /// The version.
    pub version: Version,
    /// Who entered it; none for the program itself.
    pub created_by: Option<UserId>,
    /// When it was entered.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it was put in the trash.
    pub deleted_at: Option<Timestamp>,
}

impl Donor {
    /// Characters an address has at the most.
    pub const MAX_ADDRESS: usize = 500;
    /// Characters notes have at the most.
    pub const MAX_NOTES: usize = 4_000;

    /// The donor with the fields of the patch, one version later.
    #[must_use]
    pub fn patched(self, patch: &DonorPatch, at: Timestamp) -> Self {
        let mut after = Self { version: self.version.next(), updated_at: at, ..self };
        let patch = patch.clone();
        if let Some(kind) = patch.kind {
            after.kind = kind;
        }
        if let Some(name) = patch.name {
            after.name = name;
        }
        patch.email.apply(&mut after.email);
        patch.phone.apply(&mut after.phone);
        patch.identity.map(|number| number.on_file()).apply(&mut after.identity);
        patch.address.apply(&mut after.address);
        patch.language.apply(&mut after.language);
        patch.notes.apply(&mut after.notes);
        if let Some(consent) = patch.contact_consent {
            after.contact_consent = consent;
        }
        after
    }
}

impl Audited for Donor {
    const ENTITY: &'static str = DonorEntity::NAME;

    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> Version {
        self.version
    }

    fn snapshot(&self) -> Snapshot {
        let identity = self.identity.as_ref();
        vec![
            ("kind", self.kind.as_str().into()),
            ("name", self.name.as_str().into()),
            ("email", self.email.as_ref().map(EmailAddress::as_str).into()),
            ("phone", self.phone.as_ref().map(PhoneNumber::as_str).into()),
            ("identity_kind", identity.map(|identity| identity.kind.as_str()).into()),
            ("identity", identity.map(|identity| identity.masked.as_str()).into()),
            ("address", self.address.as_deref().into()),
            ("language", self.language.as_deref().into()),
            ("notes", self.notes.as_deref().into()),
            ("contact_consent", self.contact_consent.into()),
            ("deleted", FieldValue::Bool(self.deleted_at.is_some())),
        ]
    }
}

/// Person or organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DonorKind {
    /// A natural person.
    Person,
    /// A company, foundation, association, school, …
    Organisation,
}

impl DonorKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Person, Self::Organisation];

    /// The name in the API and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Organisation => "organisation",
        }
    }

    /// The kind with that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// What a new donor is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DonorDraft {
    /// Person or organisation.
    pub kind: DonorKind,
    /// The name in full.
    pub name: PersonName,
    /// Where to write to.
    pub email: Option<EmailAddress>,
    /// Where to call.
    pub phone: Option<PhoneNumber>,
    /// The identity or tax number in full.
    pub identity: Option<IdentityNumber>,
    /// The postal address.
    pub address: Option<String>,
    /// A BCP 47 tag.
    pub language: Option<String>,
    /// What staff should know.
    pub notes: Option<String>,
    /// True when the donor agreed to be contacted.
    pub contact_consent: bool,
}

impl DonorDraft {
    /// The first version of the donor.
    pub fn into_donor(self, id: DonorId, created_by: Option<UserId>, at: Timestamp) -> Donor {
        Donor {
            id,
            kind: self.kind,
            name: self.name,
            email: self.email,
            phone: self.phone,
            identity: self.identity.as_ref().map(IdentityNumber::on_file),
            address: self.address,
            language: self.language,
            notes: self.notes,
            contact_consent: self.contact_consent,
            version: Version::FIRST,
            created_by,
            created_at: at,
            updated_at: at,
            deleted_at: None,
        }
    }
}

/// What changes about a donor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DonorPatch {
    /// Person or organisation.
    pub kind: Option<DonorKind>,
    /// The name in full.
    pub name: Option<PersonName>,
    /// Where to write to.
    pub email: Patch<EmailAddress>,
    /// Where to call.
    pub phone: Patch<PhoneNumber>,
    /// The identity or tax number in full.
    pub identity: Patch<IdentityNumber>,
    /// The postal address.
    pub address: Patch<String>,
    /// A BCP 47 tag.
    pub language: Patch<String>,
    /// What staff should know.
    pub notes: Patch<String>,
    /// True when the donor agreed to be contacted.
    pub contact_consent: Option<bool>,
}

/// A donor as other records name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DonorRef {
    /// The id.
    pub id: DonorId,
    /// The name in full.
    pub name: PersonName,
}

/// Which donors a list shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DonorQuery {
    /// Only this kind.
    pub kind: Option<DonorKind>,
    /// Only donors who did, or did not, agree to be contacted.
    pub contact_consent: Option<bool>,
    /// Only donors entered by this user.
    pub created_by: Option<UserId>,
    /// Words to find in name, e-mail, phone, address or notes; the last word may be a beginning.
    pub q: Option<String>,
    /// Which side of the trash.
    pub trash: Trash,
    /// The order.
    pub sort: Sort<DonorSort>,
}

impl Default for DonorQuery {
    fn default() -> Self {
        Self {
            kind: None,
            contact_consent: None,
            created_by: None,
            q: None,
            trash: Trash::Without,
            sort: Sort::down(DonorSort::CreatedAt),
        }
    }
}

/// What a list of donors can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DonorSort {
    /// The time it was entered, which is the order of ids.
    CreatedAt,
    /// The folded name.
    Name,
}

/// A way to find a donor again without putting personal data into a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DonorLookup {
    /// By e-mail address, without case.
    Email(EmailAddress),
    /// By phone number.
    Phone(PhoneNumber),
    /// By identity or tax number, through its keyed hash.
    Identity(IdentityNumber),
}
