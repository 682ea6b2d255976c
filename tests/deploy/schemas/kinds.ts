// What the chart renders, by apiVersion and kind, and what its dashboards are made of, by type of panel.
import { DataQuery } from "grafana-common/common.gen";
import { Dashboard } from "grafana/dashboard/x/types.gen";
import * as heatmap from "grafana/composable/heatmap/panelcfg/x/types.gen";
import * as stat from "grafana/composable/stat/panelcfg/x/types.gen";
import * as timeseries from "grafana/composable/timeseries/panelcfg/x/types.gen";
import { ICertificate } from "@kubernetes-models/cert-manager/cert-manager.io/v1/Certificate";
import { IBackendTLSPolicy } from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/BackendTLSPolicy";
import { IBackendTrafficPolicy } from "@kubernetes-models/envoy-gateway/gateway.envoyproxy.io/v1alpha1/BackendTrafficPolicy";
import { IClientTrafficPolicy } from "@kubernetes-models/envoy-gateway/gateway.envoyproxy.io/v1alpha1/ClientTrafficPolicy";
import { IGRPCRoute } from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/GRPCRoute";
import { IPodMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor";
import { IPrometheusRule } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule";
import { IServiceMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor";
import { IDeployment } from "kubernetes-models/apps/v1/Deployment";
import { IHorizontalPodAutoscaler } from "kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler";
import { IIngress } from "kubernetes-models/networking.k8s.io/v1/Ingress";
import { INetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import { IPodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget";
import { IConfigMap } from "kubernetes-models/v1/ConfigMap";
import { IPod } from "kubernetes-models/v1/Pod";
import { IService } from "kubernetes-models/v1/Service";
import { IServiceAccount } from "kubernetes-models/v1/ServiceAccount";

// Grafana's package has no type for a query of Prometheus: these are the fields of one that a dashboard may need.
interface PrometheusQuery extends DataQuery {
  datasource: { type: "prometheus"; uid: string };
  expr: string;
  format?: "time_series" | "table" | "heatmap";
  instant?: boolean;
  interval?: string;
  legendFormat?: string;
  range?: boolean;
}

// Queries, options and fields of panels are free in Dashboard: each type of panel has its own.
interface PanelOf<Options, Fields> {
  targets: PrometheusQuery[];
  options: Options;
  custom: Fields;
}

export interface Kinds {
  "apps/v1 Deployment": IDeployment;
  "autoscaling/v2 HorizontalPodAutoscaler": IHorizontalPodAutoscaler;
  "cert-manager.io/v1 Certificate": ICertificate;
  "gateway.envoyproxy.io/v1alpha1 BackendTrafficPolicy": IBackendTrafficPolicy;
  "gateway.envoyproxy.io/v1alpha1 ClientTrafficPolicy": IClientTrafficPolicy;
  "gateway.networking.k8s.io/v1 BackendTLSPolicy": IBackendTLSPolicy;
  "gateway.networking.k8s.io/v1 GRPCRoute": IGRPCRoute;
  "monitoring.coreos.com/v1 PodMonitor": IPodMonitor;
  "monitoring.coreos.com/v1 PrometheusRule": IPrometheusRule;
  "monitoring.coreos.com/v1 ServiceMonitor": IServiceMonitor;
  "networking.k8s.io/v1 Ingress": IIngress;
  "networking.k8s.io/v1 NetworkPolicy": INetworkPolicy;
  "policy/v1 PodDisruptionBudget": IPodDisruptionBudget;
  "v1 ConfigMap": IConfigMap;
  "v1 Pod": IPod;
  "v1 Service": IService;
  "v1 ServiceAccount": IServiceAccount;
  dashboard: Dashboard;
  "panel heatmap": PanelOf<Partial<heatmap.Options>, heatmap.FieldConfig>;
  "panel stat": PanelOf<Partial<stat.Options>, {}>;
  "panel timeseries": PanelOf<Partial<timeseries.Options>, timeseries.FieldConfig>;
}
