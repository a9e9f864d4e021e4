//! What the business itself does to a customer: lock, unlock, grant, end sessions, delete.

use super::{Engine, Unavailable, rejection, unexpected};
use doorward_domain::account::command::{
    Authority, Command, DeleteCustomer, RevokeAllSessions, SetEntitlements, SetStatus,
};
use doorward_domain::account::customer::{Entitlement, Status};
use doorward_domain::account::{Customer, Rejection};
use doorward_domain::email::EmailKey;
use doorward_domain::ids::{AccountId, CustomerId};
use std::sync::Arc;

/// Why nothing was done.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum OperateError {
    /// There is no such account.
    #[error("the account does not exist")]
    AccountNotFound,
    /// The account has no such customer.
    #[error("the customer does not exist")]
    CustomerNotFound,
    /// More grants than a customer can have.
    #[error("a customer cannot have so many entitlements")]
    TooManyEntitlements,
    /// The engine cannot do it now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Engine {
    /// The customer an e-mail names in an account.
    #[must_use]
    pub fn find_customer(&self, account: AccountId, email: &EmailKey) -> Option<Arc<Customer>> {
        self.directory.account(account)?.view().customer_by_email(email).cloned()
    }

    /// Locks a customer, which ends all sessions, or unlocks one.
    ///
    /// # Errors
    /// [`OperateError`].
    pub async fn set_status(
        &self,
        account: AccountId,
        customer: CustomerId,
        status: Status,
    ) -> Result<(), OperateError> {
        self.operate(account, Command::SetStatus(SetStatus { customer, status })).await
    }

    /// Sets all grants of a customer.
    ///
    /// # Errors
    /// [`OperateError`].
    pub async fn set_entitlements(
        &self,
        account: AccountId,
        customer: CustomerId,
        entitlements: Vec<Entitlement>,
    ) -> Result<(), OperateError> {
        self.operate(account, Command::SetEntitlements(SetEntitlements { customer, entitlements })).await
    }

    /// Ends all sessions of a customer.
    ///
    /// # Errors
    /// [`OperateError`].
    pub async fn revoke_all_sessions(&self, account: AccountId, customer: CustomerId) -> Result<(), OperateError> {
        let command = RevokeAllSessions { by: Authority::Operator, customer };
        self.operate(account, Command::RevokeAllSessions(command)).await
    }

    /// Deletes a customer and ends all sessions.
    ///
    /// # Errors
    /// [`OperateError`].
    pub async fn delete_customer(&self, account: AccountId, customer: CustomerId) -> Result<(), OperateError> {
        self.operate(account, Command::DeleteCustomer(DeleteCustomer { by: Authority::Operator, customer })).await
    }

    async fn operate(&self, account: AccountId, command: Command) -> Result<(), OperateError> {
        let handle = self.directory.account(account).ok_or(OperateError::AccountNotFound)?;
        match handle.call(command, self.own_ctx()?).await {
            Ok(_) => Ok(()),
            Err(error) => Err(match rejection(error)? {
                Rejection::AccountNotFound => OperateError::AccountNotFound,
                Rejection::CustomerNotFound => OperateError::CustomerNotFound,
                Rejection::LimitReached(_) => OperateError::TooManyEntitlements,
                other => unexpected("operate", &other).into(),
            }),
        }
    }
}
