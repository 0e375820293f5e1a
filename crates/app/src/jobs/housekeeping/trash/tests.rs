use almoner_adapters::trusted::TrustedTime;
use almoner_demo::{Demo, DemoOrder};
use almoner_donations::Donor;
use almoner_kernel::{Actor, Clock, JobId, Scope, Trail, Version};
use almoner_records::{Kept, Records, Repository, Terms};
use chrono::TimeDelta;

use super::*;
use crate::{
    assembly::Neighbours,
    config::{Sources, schema},
};

/// A clock that stands.
struct Standing(Timestamp);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        self.0
    }
}

struct Silent;

#[async_trait]
impl Progress for Silent {
    async fn report(&self, _: u64, _: Option<u64>) -> Result<(), JobError> {
        Ok(())
    }
}

fn at(at: Timestamp) -> Context {
    Context {
        actor: Actor::System("test"),
        at,
        origin: almoner_kernel::Origin::default(),
        replay: None,
        dry_run: false,
        suspicions: almoner_kernel::Suspicions::default(),
    }
}

#[actix_web::test]
async fn what_went_there_long_ago_is_destroyed_and_not_what_a_clock_gave_an_old_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut sources = Sources::default();
    sources.flags.push((schema::DATA_DIR, folder.path().join("data").display().to_string()));
    let config = Config::load(&sources).unwrap();
    let office = Office::open(&config, Neighbours::None).await.unwrap();
    office.migrate().await.unwrap();
    let store = Arc::new(office.store.clone());
    let terms = Terms {
        region: config.country.region,
        currencies: config.currencies.clone(),
        zone: config.time_zone,
    };
    let donors = Records::<Donor>::new(store, Arc::clone(&office.ids), Arc::new(terms));

    let (now, long) = (office.clock.now(), TimeDelta::days(3));
    let demo = Demo::new(DemoOrder {
        donors: 5,
        donations: 0,
        rng_seed: 1,
        until: now.date_naive(),
        years: 1,
        currency: config.currencies[0],
        other_currencies: Vec::new(),
        entered_by: None,
    });
    let made: Vec<Kept<Donor>> = demo.donors().collect();
    let repository: &dyn Repository<Donor> = &office.store;
    let mut unit = repository.begin().await.unwrap();
    unit.insert_all(&made).await.unwrap();
    unit.commit(made.iter().fold(Trail::of(&at(now)), Trail::created)).await.unwrap();
    // One long ago; two under a clock that began in 1970, before and after one just now; one stays.
    let slow = Timestamp::UNIX_EPOCH + long;
    let times = [now, slow, now + long, slow];
    for (donor, time) in made.iter().zip(times) {
        donors.delete(&at(time), donor.id, Version::FIRST).await.unwrap();
    }

    let clock: Arc<dyn Clock> = Arc::new(Standing(now + long));
    let time = Arc::new(TrustedTime::new(clock, Some(now + long), now));
    let house = House { store: office.store.clone(), time };
    let trash = EmptyTrash {
        keep: Duration::from_secs(2 * 24 * 60 * 60),
        ..EmptyTrash::new(&office, &config, house)
    };
    let job = JobId::new(office.ids.next());
    let attempt =
        Attempt { job, payload: String::new(), number: 1, is_last: false, at: now + long };
    trash.run(&attempt, &Silent).await.unwrap();
    let mut stayed = Vec::new();
    for donor in &made {
        stayed.push(repository.find(donor.id, Scope::All).await.unwrap().is_some());
    }
    assert_eq!(stayed, [false, true, true, true, true]);
    office.store.close().await.unwrap();
}
