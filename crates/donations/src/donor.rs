//! A donor: a person or an organisation that gives.

use almoner_kernel::{
    EmailAddress, Id, IdentityNumber, Locale, Permission, PersonName, PhoneNumber,
};
use almoner_records::{Record, Rules, Sealed, Text, Words};

/// The id of a donor.
pub type DonorId = Id<Donor>;

/// See a donor's identity number in full, with a reason that is recorded.
pub const REVEAL: Permission = Permission::new("donors:reveal");

/// A person or an organisation that gives.
#[derive(Clone, Debug, PartialEq, Eq, Record)]
#[record(many = "donors", rows = "creator", subject = "self")]
pub struct Donor {
    /// Person or organisation.
    #[field(filter, group, example = "person")]
    pub kind: DonorKind,
    /// The name in full.
    #[field(label, alike, personal, search, sort, example = "Ayşe Yılmaz")]
    pub name: PersonName,
    /// Where to write to.
    #[field(personal, search, lookup, example = "ayse.yilmaz@example.org")]
    pub email: Option<EmailAddress>,
    /// Where to call, in E.164: sent as an international number, or a national one of the server's own
    /// country.
    #[field(personal, search, lookup, example = "+905321234567")]
    pub phone: Option<PhoneNumber>,
    /// The identity or tax number, masked where it is shown. `POST /api/v1/donors/{id}/reveal` shows it in
    /// full.
    #[field(unique, personal, lookup, beside, part = "/number")]
    pub identity: Option<Sealed<IdentityNumber>>,
    /// The postal address as one text.
    #[field(personal, search, example = "Atatürk Cad. 12/3, 06420 Çankaya, Ankara")]
    pub address: Option<Text<500>>,
    /// The language to write in, a BCP 47 tag.
    #[field(example = "tr")]
    pub language: Option<Locale>,
    /// What staff should know.
    #[field(personal, search, example = "Prefers to be called in the evening.")]
    pub notes: Option<Text<4_000>>,
    /// True when the donor agreed to be contacted.
    #[field(
        filter = "Only donors who did, or did not, agree to be contacted.",
        group,
        default = false,
        example = true
    )]
    pub contact_consent: bool,
}

impl Rules for Donor {}

/// A natural person, or a company, foundation, association, school, ….
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Words)]
pub enum DonorKind {
    /// A natural person.
    Person,
    /// A company, foundation, association, school, ….
    Organisation,
}
