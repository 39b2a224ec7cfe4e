#include "base/background.h"

#include <sched.h>
#include <sys/resource.h>

namespace understudy {
namespace {
constexpr int kNice = 5;
}  // namespace

void GiveWay() {
  const sched_param none{};
  (void)::sched_setscheduler(0, SCHED_BATCH, &none);
  (void)::setpriority(PRIO_PROCESS, 0, kNice);  // Linux: of the calling thread alone
}

}  // namespace understudy
