// The chart's values that are Kubernetes' own objects, by their path in values.yaml ("[]": each of a list).
import { ICertificate } from "@kubernetes-models/cert-manager/cert-manager.io/v1/Certificate";
import { IGRPCRoute } from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/GRPCRoute";
import { IIngressTLS } from "kubernetes-models/networking.k8s.io/v1/IngressTLS";
import { INetworkPolicyEgressRule } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicyEgressRule";
import { INetworkPolicyPeer } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicyPeer";
import { IAffinity } from "kubernetes-models/v1/Affinity";
import { IEnvVar } from "kubernetes-models/v1/EnvVar";
import { ILocalObjectReference } from "kubernetes-models/v1/LocalObjectReference";
import { IPodSecurityContext } from "kubernetes-models/v1/PodSecurityContext";
import { IResourceRequirements } from "kubernetes-models/v1/ResourceRequirements";
import { ISecurityContext } from "kubernetes-models/v1/SecurityContext";
import { IToleration } from "kubernetes-models/v1/Toleration";
import { ITopologySpreadConstraint } from "kubernetes-models/v1/TopologySpreadConstraint";
import { IVolume } from "kubernetes-models/v1/Volume";
import { IVolumeMount } from "kubernetes-models/v1/VolumeMount";

export interface Values {
  affinity: IAffinity;
  containerSecurityContext: ISecurityContext;
  "extraEnv[]": IEnvVar;
  "extraVolumeMounts[]": IVolumeMount;
  "extraVolumes[]": IVolume;
  "grpcRoute.parentRefs[]": NonNullable<NonNullable<IGRPCRoute["spec"]>["parentRefs"]>[number];
  "imagePullSecrets[]": ILocalObjectReference;
  "ingress.tls[]": IIngressTLS;
  "networkPolicy.callers[]": INetworkPolicyPeer;
  "networkPolicy.extraEgress[]": INetworkPolicyEgressRule;
  "networkPolicy.monitoring[]": INetworkPolicyPeer;
  podSecurityContext: IPodSecurityContext;
  resources: IResourceRequirements;
  // The chart writes the rest itself, and an issuer's name is asked for where it is needed.
  "tls.certManager.issuerRef": Partial<NonNullable<ICertificate["spec"]>["issuerRef"]>;
  "tolerations[]": IToleration;
  "topologySpread[]": Omit<ITopologySpreadConstraint, "labelSelector" | "matchLabelKeys">;
}
