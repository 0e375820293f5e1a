//! What companies and institutions are called, after a surname or a place.

/// What Turkish companies do.
pub const TR_TRADES: &[&str] = &[
    "Tekstil",
    "Gıda",
    "İnşaat",
    "Otomotiv",
    "Lojistik",
    "Yazılım",
    "Mobilya",
    "Tarım",
    "Enerji",
    "Turizm",
    "Elektrik",
    "Makine",
    "Kırtasiye",
    "Ambalaj",
    "Sağlık",
    "Dış Ticaret",
];

/// Legal forms of Turkish companies.
pub const TR_FORMS: &[&str] = &["A.Ş.", "Ltd. Şti."];

/// Turkish institutions, after the name of a province.
pub const TR_BODIES: &[&str] = &[
    "Esnaf ve Sanatkârlar Odası",
    "Ticaret Odası",
    "Anadolu Lisesi",
    "Fen Lisesi",
    "Rotary Kulübü",
    "Gençlik Derneği",
    "Öğretmenler Derneği",
    "Belediyesi Spor Kulübü",
    "Mühendisler Birliği",
    "Eczacılar Kooperatifi",
];

/// What English companies are called after the surname.
pub const EN_TRADES: &[&str] = &[
    "& Sons Ltd",
    "Engineering Ltd",
    "Logistics Ltd",
    "Consulting LLP",
    "Bakery Ltd",
    "Textiles Ltd",
    "Foundation",
    "Family Trust",
    "Associates",
    "Holdings plc",
];

/// English institutions, after the name of a town.
pub const EN_BODIES: &[&str] = &[
    "Rotary Club",
    "Grammar School",
    "Islamic Centre",
    "Community Trust",
    "Choral Society",
    "Round Table",
    "University Staff Association",
    "Interfaith Forum",
];
