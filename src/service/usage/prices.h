#pragma once
// What usage costs. The default is AWS's public price list; DATA/prices.toml puts another in its place, where a key that is not given
// keeps its default:
//
//   currency = "EUR"
//   as-of = "2026-01, our own machines"
//   million-requests = 0.10
//   gb-second = 0.000008             # billed time on demand times memory
//   storage-gb-second = 0            # billed time times what /tmp has beyond 512 MB
//   provisioned-gb-second = 0.000002 # provisioned concurrency, used or not
//   on-provisioned-gb-second = 0.00000486  # billed time on it
//
// AWS's lower prices for very large amounts and its free tier are left out.
#include <string>

#include "base/result.h"
#include "service/usage/totals.h"

namespace wick::service::usage {

struct Prices {
  std::string currency = "USD";
  std::string as_of = "AWS Lambda, x86, us-east-1, 2025-09";
  double million_requests = 0.20;
  double gb_second = 0.0000166667;
  double storage_gb_second = 0.0000000309;
  double provisioned_gb_second = 0.0000041667;
  double on_provisioned_gb_second = 0.0000097222;

  // Calls, whether they succeeded or not; throttled ones cost nothing.
  double cost(const Totals& totals) const;
};

// The default if the file is not there. Errors: invalid_argument, naming the file and the line or key; io.
Result<Prices> load_prices(const std::string& file);

}  // namespace wick::service::usage
