/** Opens a model to talk to by its name: the address of a server, or a model that runs in this process. */
import { openModel } from '../../../engine/model/load';
import type { ChatModel } from '../chat';
import { localChat } from '../localChat';
import { isAddress, parseAddress } from './address';
import { remoteChat } from './remoteChat';
import type { EndpointSettings } from './settings';

/** Opens `http://host:port/v1#name`, or a model's folder, file or name. Throws InputError when there is none. */
export async function openChat(model: string, endpoint: Partial<EndpointSettings> = {}): Promise<ChatModel> {
  if (isAddress(model)) return remoteChat(parseAddress(model), endpoint);
  return localChat(await openModel(model));
}
