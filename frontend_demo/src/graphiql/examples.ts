/** Operations that are ready in tabs when GraphiQL is opened for the first time, in the order of a first walk. */
export interface Example {
  query: string;
  variables?: string;
}

export const examples: Example[] = [
  {
    query: `# 1. Say what can be held. Run it twice: the key is
#    known then, and the first answer comes again,
#    with replayed: true.
mutation DefineType($input: DefineEntitlementTypeInput!) {
  defineEntitlementType(input: $input) {
    entitlementType {
      code name category unit scale
      defaultValidity { duration }
    }
    event { position }
    replayed
    errors { code message field }
  }
}
`,
    variables: json({
      input: {
        code: "BONUS",
        name: "Bonus points",
        category: "POINTS",
        unit: "points",
        scale: 0,
        defaultValidity: { duration: "P1Y" },
        idempotencyKey: "graphiql-define-bonus",
      },
    }),
  },
  {
    query: `# 2. Give some of it to a customer, who is registered
#    on the way. For another issue, change the key.
mutation Issue($input: IssueInput!) {
  issue(input: $input) {
    event { position kind delta balanceAfter }
    grant { id remaining expiresAt }
    balance { available }
    replayed
    errors { code message field }
  }
}
`,
    variables: json({
      input: {
        customerId: "ada",
        typeCode: "BONUS",
        amount: "150",
        reason: "order.paid",
        idempotencyKey: "graphiql-issue-1",
      },
    }),
  },
  {
    query: `# 3. Take some. Ask for too much, and the refusal
#    says what is missing: refusals are data.
mutation Consume($input: ConsumeInput!) {
  consume(input: $input) {
    event {
      position delta balanceAfter
      allocations { amount grant { id } }
    }
    balance { available }
    replayed
    errors {
      code message field retryable
      ... on InsufficientBalance { available missing held pending }
    }
  }
}
`,
    variables: json({
      input: {
        customerId: "ada",
        typeCode: "BONUS",
        amount: "40",
        reason: "free.coffee",
        idempotencyKey: "graphiql-consume-1",
      },
    }),
  },
  {
    query: `# 4. What a customer has now, and what expires next.
query Balance($customerId: String!) {
  customer(customerId: $customerId) {
    state
    balances {
      typeCode available held pending total version
      expiring(first: 3) { amount expiresAt }
      lifetime { issued consumed expired }
    }
  }
}
`,
    variables: json({ customerId: "ada" }),
  },
  {
    query: `# 5. How it came about, newest first. For the next
#    page pass endCursor as after.
query History($filter: EventFilter, $after: Cursor) {
  history(filter: $filter, first: 20, after: $after) {
    nodes {
      position kind typeCode delta balanceAfter
      recordedAt reason idempotencyKey
      actor { kind name }
    }
    pageInfo { hasNextPage endCursor }
  }
}
`,
    variables: json({ filter: { customerId: "ada" } }),
  },
  {
    query: `# 6. Watch the ledger live: run this, then issue in
#    another window. Pass the newest cursor as after,
#    and nothing is lost between two connections.
subscription Events($after: Cursor, $filter: EventFilter) {
  events(after: $after, filter: $filter) {
    cursor
    caughtUp
    events {
      position kind customerId typeCode
      delta balanceAfter recordedAt
    }
  }
}
`,
    variables: json({ after: null, filter: null }),
  },
  {
    query: `# 7. Several operations, all or nothing. Later ones
#    see what earlier ones did.
mutation Batch($input: BatchInput!) {
  batch(input: $input) {
    results {
      event { position kind delta balanceAfter }
      errors { code message }
    }
    failedIndex
    replayed
    errors { code message field }
  }
}
`,
    variables: json({
      input: {
        idempotencyKey: "graphiql-batch-1",
        operations: [
          {
            issue: { customerId: "grace", typeCode: "BONUS", amount: "100", idempotencyKey: "graphiql-batch-1-issue" },
          },
          {
            consume: {
              customerId: "grace",
              typeCode: "BONUS",
              amount: "30",
              idempotencyKey: "graphiql-batch-1-consume",
            },
          },
        ],
      },
    }),
  },
];

/** A document that a link carries: `?q=...&variables=...`. (`?query=` would be an operation for the server.) */
export function linkedExample(search: string): Example | null {
  const parameters = new URLSearchParams(search);
  const query = parameters.get("q");
  if (!query) return null;
  const variables = parameters.get("variables");
  return { query, ...(variables ? { variables } : {}) };
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
