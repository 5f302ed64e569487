# Satterthwaite (lmerTest) and Kenward-Roger (pbkrtest) inference, F tests of terms. Output: small-sample.json
suppressPackageStartupMessages({library(lme4); library(lmerTest); library(pbkrtest); library(jsonlite)})
rd <- function(n) read.csv(paste0("data/", n, ".csv"), na.strings="")
wjson <- function(x, f) write_json(x, f, digits=NA, auto_unbox=TRUE, na="null", pretty=TRUE, null="null")
fac <- function(d, v){ for(x in v) d[[x]] <- factor(d[[x]]); d }
D <- list(sleepstudy=fac(rd("sleepstudy"),"Subject"), Orthodont=fac(rd("Orthodont"),"Subject"), Machines=fac(rd("Machines"),c("Worker","Machine")), Penicillin=fac(rd("Penicillin"),c("plate","sample")), SHARE_kscore_observed=fac(rd("SHARE_kscore_observed"),"school"), Dyestuff2=rd("Dyestuff2"))
D$Orthodont$Sex <- factor(D$Orthodont$Sex, levels=c("Male","Female"))
# unbalanced: 40 rows of sleepstudy left out by a fixed rule
D$sleepstudy_unbalanced <- D$sleepstudy[!((seq_len(nrow(D$sleepstudy))*7) %% 9 %in% c(0,4)),]
write.csv(D$sleepstudy_unbalanced, "data/sleepstudy_unbalanced.csv", row.names=FALSE)
# ten small clusters, unequal sizes, arm by cluster: drawn once with a fixed seed
set.seed(20261128); sz <- c(3,5,8,2,12,4,7,6,3,10); g <- rep(seq_along(sz), sz); arm <- as.integer(g %% 2 == 0); x <- round(rnorm(length(g)) + rnorm(10)[g]*.5, 3); y <- round(.4*arm + .6*x + rnorm(10,0,.5)[g] + rnorm(length(g)), 3)
D$small_trial <- data.frame(cluster=g, arm=arm, x=x, y=y); write.csv(D$small_trial, "data/small_trial.csv", row.names=FALSE)
specs <- list(c("sleepstudy","Reaction ~ Days + (1|Subject)"), c("sleepstudy","Reaction ~ Days + (Days|Subject)"), c("sleepstudy","Reaction ~ Days + (Days||Subject)"), c("sleepstudy_unbalanced","Reaction ~ Days + (Days|Subject)"),
 c("Orthodont","distance ~ age*Sex + (1|Subject)"), c("Orthodont","distance ~ age*Sex + (age|Subject)"), c("Machines","score ~ Machine + (1|Worker)"), c("Machines","score ~ Machine + (1|Worker/Machine)"), c("Penicillin","diameter ~ 1 + (1|plate) + (1|sample)"),
 c("small_trial","y ~ arm + (1|cluster)"), c("small_trial","y ~ arm + x + (1|cluster)"), c("small_trial","y ~ arm*x + (1|cluster)"), c("small_trial","y ~ arm + x + (x|cluster)"), c("SHARE_kscore_observed","kscore ~ arm + (1|school)"), c("SHARE_kscore_observed","kscore ~ arm*sex + (1|school)"), c("Dyestuff2","Yield ~ 1 + (1|Batch)"))
res <- list()
for(s in specs){
  d <- D[[s[1]]]; ctl <- lmerControl(optimizer="bobyqa", optCtrl=list(rhobeg=.05, rhoend=1e-12, maxfun=1e5))
  f <- suppressMessages(lmerTest::lmer(as.formula(s[2]), d, REML=TRUE, control=ctl)); co <- summary(f, ddf="Satterthwaite")$coefficients
  big <- nrow(d) > 2000
  r <- list(dataset=s[1], formula=s[2], n_obs=nrow(d), singular=isSingular(f), logLik=as.numeric(logLik(f)))
  r$satterthwaite <- lapply(setNames(seq_len(nrow(co)), rownames(co)), function(i) list(estimate=co[i,1], std_error=co[i,2], df=co[i,3], t=co[i,4], p=co[i,5]))
  a <- try(anova(f, ddf="Satterthwaite"), silent=TRUE); if(!inherits(a,"try-error") && nrow(a)) r$satterthwaite_F_type3 <- lapply(setNames(seq_len(nrow(a)), rownames(a)), function(i) list(numDF=a[i,"NumDF"], denDF=a[i,"DenDF"], F=a[i,"F value"], p=a[i,"Pr(>F)"]))
  if(!big){
    f0 <- suppressMessages(lme4::lmer(as.formula(s[2]), d, REML=TRUE, control=ctl)); V <- try(vcovAdj(f0), silent=TRUE)
    if(!inherits(V,"try-error")){ V <- as.matrix(V); b <- fixef(f0); r$kenward_roger <- lapply(setNames(seq_along(b), names(b)), function(i){ L <- matrix(0,1,length(b)); L[1,i] <- 1; k <- KRmodcomp(f0, L); list(estimate=unname(b[i]), std_error_adjusted=sqrt(V[i,i]), df=unname(k$test["Ftest","ddf"]), F=unname(k$test["Ftest","stat"]), p=unname(k$test["Ftest","p.value"])) })
      r$kenward_roger_vcov <- list(names=names(b), rows=lapply(seq_along(b), function(i) unname(V[i,])))
      if(length(b) > 2){ L <- diag(length(b))[-1,,drop=FALSE]; k <- KRmodcomp(f0, L); r$kenward_roger_all_but_intercept <- list(numDF=unname(k$test["Ftest","ndf"]), denDF=unname(k$test["Ftest","ddf"]), F=unname(k$test["Ftest","stat"]), F_scaling=unname(k$test["Ftest","F.scaling"]), p=unname(k$test["Ftest","p.value"])) } }
  }
  res[[length(res)+1]] <- r; cat(s, "\n")
}
wjson(list(made_by="small-sample.R", R=R.version.string, lmerTest=as.character(packageVersion("lmerTest")), pbkrtest=as.character(packageVersion("pbkrtest")), note="Satterthwaite by numerical derivatives in lmerTest: df to about 1e-3 relative. Kenward-Roger as Kenward & Roger (1997), pbkrtest's vcovAdj and KRmodcomp: 1e-6 relative. small_trial and sleepstudy_unbalanced stand in data/.", fits=res), "small-sample.json")
