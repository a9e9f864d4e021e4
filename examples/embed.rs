//! Doorward inside another program: no server, no HTTP, a data directory of its own.
//!
//! Run it with `cargo run --example embed --no-default-features`. It registers a customer, logs in twice under single-user
//! authentication, stops, starts again over the same directory, and finds everything as it was.

use doorward::entropy::SystemEntropy;
use doorward::{
    CheckError, Client, Doorward, Email, Host, Identity, MasterKey, Name, Password, Refusal, Settings, SiteHandle,
    SiteProfile,
};
use std::error::Error;
use std::path::Path;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let dir = std::env::temp_dir().join(format!("doorward-embed-{}", std::process::id()));
    // Keep the key outside of the data directory. Whoever has both has the keys that sign tokens.
    let master_key = MasterKey::generate(&SystemEntropy).expose_hex();
    let newest = first_run(&dir, &master_key).await?;
    second_run(&dir, &master_key, &newest).await?;
    std::fs::remove_dir_all(&dir)?;
    Ok(())
}

/// Creates an account and a site, and returns the token of the newest login.
async fn first_run(dir: &Path, master_key: &str) -> Result<String, Box<dyn Error>> {
    let doorward = open(dir, master_key).await?;
    let account = doorward.create_account(Name::parse("Example Press")?).await?;
    let profile =
        SiteProfile { name: Name::parse("News")?, host: Host::parse("news.example.org")?, origins: Vec::new() };
    let settings = Settings { single_user_authentication: true.into(), ..Settings::default() };
    let news = account.create_site(profile, settings).await?;

    let client = Client::default();
    news.register(Email::parse("ada@example.org")?, password()?, &client).await?;
    let first = login(&news).await?;
    println!("the first login opens the site: {}", news.check(&first).is_ok());
    let second = login(&news).await?;
    println!("after a second login the first token is refused: {:?}", news.check(&first).err());
    println!("and the second one opens the site: {}", news.check(&second).is_ok());

    doorward.stop().await?;
    Ok(second)
}

/// Opens the same directory again: what was acknowledged is there.
async fn second_run(dir: &Path, master_key: &str, newest: &str) -> Result<(), Box<dyn Error>> {
    let doorward = open(dir, master_key).await?;
    let account = doorward.accounts().pop().ok_or("the account is gone")?;
    let news = account.sites().pop().ok_or("the site is gone")?;
    let checked = news.check(newest)?;
    println!("after a restart the newest token still belongs to customer {}", checked.customer());

    news.logout(newest, &Client::default()).await?;
    let refused = news.check(newest).err();
    println!("after the logout it is refused: {refused:?}");
    if !matches!(refused, Some(CheckError::Refused(Refusal::Ended(_)))) {
        return Err("a token of an ended session must be refused".into());
    }
    doorward.stop().await?;
    Ok(())
}

async fn open(dir: &Path, master_key: &str) -> Result<Doorward, Box<dyn Error>> {
    // The issuer is what tokens name; other services find the keys that verify them under it.
    let builder = Doorward::builder().data_dir(dir).issuer("https://id.example.org");
    Ok(builder.master_key(MasterKey::parse(master_key)?).open().await?)
}

async fn login(site: &SiteHandle) -> Result<String, Box<dyn Error>> {
    let identity = Identity::Email("ADA@example.org".to_owned());
    let issued = site.login(identity, password()?, &Client::default()).await?;
    Ok(issued.token.expose().to_owned())
}

fn password() -> Result<Password, Box<dyn Error>> {
    Ok(Password::parse("plenty of tulips in May")?)
}
